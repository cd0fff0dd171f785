import type { ChatClient } from "../shared/client";
import type { Store } from "../shared/store";
import type { Settings } from "./settings";
import type { Texts } from "./texts";

/** What every part of the chat is given. */
export interface Context {
  readonly settings: Settings;
  readonly texts: Texts;
  readonly client: ChatClient;
  readonly store: Store;
  readonly root: ShadowRoot;
  /** Hosts whose links and pictures are shown as such. */
  readonly hosts: readonly string[];
}
