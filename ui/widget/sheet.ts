import { h } from "./dom";

export interface SheetAct {
  label: string;
  act?: () => void;
}

/**
 * A dialog over the chat, not over the host's page. The rest of the chat is inert while it
 * stands; Escape closes it and the focus goes back to where it was.
 */
export class Sheet {
  readonly element = h("div", { class: "sheet", hidden: true });
  private before: HTMLElement | null = null;

  constructor(private readonly behind: () => Iterable<HTMLElement>) {
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.close();
    });
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  /** @param acts at least one; the first is the one that stands out */
  show(title: string, paragraphs: readonly string[], acts: readonly SheetAct[]): void {
    const buttons = acts.map(({ label, act }, index) => {
      const run = (): void => {
        this.close();
        act?.();
      };
      return h("button", { type: "button", class: index === 0 ? "solid" : "quiet", onclick: run }, label);
    });
    this.element.replaceChildren(
      h(
        "div",
        { class: "sheet-box", role: "dialog", "aria-modal": "true", "aria-labelledby": "sheet-title" },
        h("h2", { id: "sheet-title" }, title),
        ...paragraphs.map((paragraph) => h("p", {}, paragraph)),
        h("div", { class: "acts" }, ...buttons),
      ),
    );
    this.before = (this.element.getRootNode() as ShadowRoot).activeElement as HTMLElement | null;
    for (const element of this.behind()) element.inert = true;
    this.element.hidden = false;
    buttons[0]?.focus();
  }

  close(): void {
    if (!this.isOpen) return;
    this.element.hidden = true;
    for (const element of this.behind()) element.inert = false;
    this.before?.focus();
  }
}
