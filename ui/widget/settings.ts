import { readColour, type Rgb } from "../shared/colour";
import { readHours, type Span } from "../shared/hours";

/** What the embedding page (`data-*` of the script tag) or `/chat` (attributes of the element) decides. */
export interface Settings {
  mode: "corner" | "page";
  /** Names the visitor's storage, so that two shops on one host do not share a visit. */
  site: string;
  /** Where the service is: origin of the script, or of the page. */
  origin: string;
  position: "left" | "right";
  colour: Rgb | null;
  launcherText: string | null;
  theme: "auto" | "light" | "dark";
  greeting: string | null;
  hours: Span[] | null;
  hoursText: string;
  locale: string | null;
  /** The privacy page: the service's, or one of the shop's own. */
  privacy: string;
  /** Hosts besides the service's and the page's whose links may be followed. */
  linkHosts: string[];
}

type Read = (name: string) => string | null;

const oneOf = <T extends string>(value: string | null, allowed: readonly T[], otherwise: T): T =>
  allowed.includes(value as T) ? (value as T) : otherwise;

function httpUrl(address: string | null): string | null {
  try {
    const url = new URL(address ?? "", location.href);
    return address && /^https?:$/.test(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * @param read gives the value of a setting by its name without `data-`, or null
 * @param origin of the service
 */
export function readSettings(read: Read, mode: Settings["mode"], origin: string): Settings {
  const hoursText = read("hours")?.trim() ?? "";
  return {
    mode,
    site: read("site")?.trim() ?? "default",
    origin,
    position: oneOf(read("position"), ["left", "right"], "right"),
    colour: readColour(read("colour") ?? read("color")),
    launcherText: read("launcher"),
    theme: oneOf(read("theme"), ["auto", "light", "dark"], "auto"),
    greeting: read("greeting"),
    hours: readHours(hoursText),
    hoursText,
    locale: read("locale"),
    privacy: httpUrl(read("privacy")) ?? new URL("/privacy", origin).href,
    linkHosts: (read("link-hosts") ?? "").split(/[\s,]+/).filter(Boolean),
  };
}

/** ws(s)://…/ws/chat of a service at `origin`. */
export function socketUrl(origin: string): string {
  const url = new URL("/ws/chat", origin);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
