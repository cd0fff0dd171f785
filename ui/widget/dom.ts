type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: never) => void)>;

/**
 * An element with attributes, listeners (`onclick: fn`) and children. Strings become text
 * nodes: there is no way from a string to markup.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => child instanceof Node || !!child));
  return element;
}

/** Sets or takes away an attribute, and leaves it alone when nothing changed. */
export function attr(element: Element, name: string, value: string | null): void {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

const PATHS = {
  chat: "M5 4.5h14a2 2 0 0 1 2 2v8.5a2 2 0 0 1-2 2h-6.2L8 20.6V17H5a2 2 0 0 1-2-2V6.5a2 2 0 0 1 2-2Z M8 9h8 M8 12.5h5",
  clip: "m20 11.5-8.2 8.2a5 5 0 0 1-7.1-7.1l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7l-8.5 8.5a1.7 1.7 0 0 1-2.4-2.4l7.8-7.8",
  close: "M6 6l12 12 M18 6 6 18",
  down: "m6 9.5 6 6 6-6",
  send: "M12 19V5.5 M6 11l6-6 6 6",
  headset: "M4.5 14v-2a7.5 7.5 0 0 1 15 0v2 M4.5 13h2.2v5H5.5a1 1 0 0 1-1-1Z M19.5 13h-2.2v5h1.2a1 1 0 0 0 1-1Z M19.5 17v.5a2.5 2.5 0 0 1-2.5 2.5h-3",
  copy: "M9 9h10v11H9Z M5 15V4h10",
  check: "m5 12.5 4.5 4.5L19 7.5",
  alert: "M12 8v5 M12 16.3v.2 M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17Z",
  clock: "M12 7.5V12l3 2 M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17Z",
  box: "M4 8l8-4.5L20 8v8l-8 4.5L4 16Z M4 8l8 4.5L20 8 M12 12.5v8",
};

export type IconName = keyof typeof PATHS;

/** A line drawing; decoration only, the words stand beside it or in the label. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Copies to the clipboard, also on plain-http pages, where only the old way works. */
export async function copyText(text: string, root: ShadowRoot): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = h("textarea", { class: "off", "aria-hidden": "true", tabindex: -1 });
    field.value = text;
    root.append(field);
    field.select();
    // The only way without a secure context.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    const isDone = document.execCommand("copy");
    field.remove();
    return isDone;
  }
}
