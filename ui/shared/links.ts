export interface Piece {
  text: string;
  /** Set when the piece may be followed. */
  href: string | null;
}

/** Addresses, and the one path of the service that it tells in words: the download of one's own data. */
const URL_IN_TEXT = /https?:\/\/[\w.~:/?#[\]@!$&'()*+,;=%-]+|\/api\/me\/export\/[\w-]{43}/gi;
const TRAILING = /[.,;:!?'")\]]+$/;

/** `example.com` allows that host, `.example.com` it and everything under it. */
export function isAllowedHost(host: string, allowed: readonly string[]): boolean {
  const name = host.toLowerCase();
  return allowed.some((entry) => {
    const rule = entry.toLowerCase();
    return rule.startsWith(".") ? name === rule.slice(1) || name.endsWith(rule) : name === rule;
  });
}

/** The address when it is http(s), without a user name in it, and its host is allowed; else null. */
export function allowedUrl(address: string, base: string, allowed: readonly string[]): string | null {
  let url: URL;
  try {
    url = new URL(address, base);
  } catch {
    return null;
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return null;
  if (url.username || url.password) return null;
  return isAllowedHost(url.host, allowed) || isAllowedHost(url.hostname, allowed) ? url.href : null;
}

/** Splits a text into plain pieces and addresses that may be followed. Other addresses stay plain text. */
export function pieces(text: string, base: string, allowed: readonly string[]): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(URL_IN_TEXT)) {
    const address = match[0].replace(TRAILING, "");
    const href = allowedUrl(address, base, allowed);
    if (!href) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index), href: null });
    found.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) found.push({ text: text.slice(end), href: null });
  return found;
}
