import { en } from "./en";
import type { Texts } from "./types";
import { zhCN } from "./zh-CN";

export type { Texts };

/** Texts of a locale; Chinese when there is no file for it. */
export function textsFor(locale: string | null): Texts {
  return locale?.toLowerCase().startsWith("en") ? en : zhCN;
}
