/** What a key does at the desk. */
export type Deed =
  | "next" | "previous" | "open" | "reply" | "note" | "transfer" | "close" | "canned" | "keys" | "commands" | "leave";

interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  isComposing: boolean;
  keyCode: number;
}

const BY_KEY: Record<string, Deed> = {
  j: "next",
  k: "previous",
  enter: "open",
  r: "reply",
  n: "note",
  t: "transfer",
  e: "close",
  "/": "canned",
  "?": "keys",
};

/** While an input method is composing, no key is ours; 229 is the only trace that some browsers leave. */
export function isComposed(event: Pick<KeyPress, "isComposing" | "keyCode">): boolean {
  return event.isComposing || event.keyCode === 229;
}

/**
 * The deed of a key press, or null.
 *
 * @param isTyping somebody writes into a field: then only Ctrl+K and Escape mean anything
 * @param isButton a button or a link has the focus: Enter is its own
 */
export function deedOf(event: KeyPress, isTyping: boolean, isButton = false): Deed | null {
  if (isComposed(event)) return null;
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && !event.altKey && key === "k") return "commands";
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (key === "escape") return "leave";
  if (isTyping || (isButton && key === "enter")) return null;
  return BY_KEY[key] ?? null;
}

/** Whether the element takes letters. */
export function takesLetters(element: Element | null): boolean {
  if (!(element instanceof HTMLElement)) return false;
  return element.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName);
}

/** Whether Enter already means something to the element. */
export function takesEnter(element: Element | null): boolean {
  return element instanceof HTMLElement && element.closest("button, a, [role=button], [role=tab], summary") !== null;
}

/** Does this key press send what is written? As in the customers' chat. */
export function sends(event: KeyPress & { shiftKey: boolean }, isComposing: boolean): boolean {
  return event.key === "Enter" && !event.shiftKey && !isComposed(event) && !isComposing;
}
