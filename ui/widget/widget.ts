import { defineChat, ZhikeChat, type ChatEvents } from "./element";
import type { Page } from "../shared/protocol";
import { readSettings } from "./settings";

/** What `window.zhike` offers to the embedding page. */
export interface ZhikeApi {
  open(): void;
  close(): void;
  toggle(): void;
  /** Who the signed-in customer is: a token signed by the shop's own server, or null after signing out. */
  setUser(token: string | null): void;
  setPage(page: Page | null): void;
  setLocale(locale: string): void;
  /** @returns a function that takes the listener away again */
  on<K extends keyof ChatEvents>(event: K, listener: (value: ChatEvents[K]) => void): () => void;
}

declare global {
  interface Window {
    zhike?: ZhikeApi;
  }
}

function start(script: HTMLScriptElement): void {
  defineChat();
  const chat = new ZhikeChat();
  const origin = new URL(script.src).origin;
  chat.setup(readSettings((name) => script.getAttribute(`data-${name}`), "corner", origin));
  window.zhike = {
    open: () => chat.open(),
    close: () => chat.close(),
    toggle: () => chat.toggle(),
    setUser: (token) => chat.setUser(token),
    setPage: (page) => chat.setPage(page),
    setLocale: (locale) => chat.setLocale(locale),
    on: (event, listener) => chat.events.on(event, listener),
  };
  const place = (): void => document.body.append(chat);
  // `body` may be null while the head is read, whatever its type says.
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", place);
  else place();
  window.dispatchEvent(new CustomEvent("zhike:ready"));
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement && !window.zhike) start(script);
