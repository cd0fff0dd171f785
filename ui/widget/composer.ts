import type { Context } from "./context";
import { attr, h, icon, setText } from "./dom";
import { picturesIn, type Pictures } from "./pictures";

export const MOST_CHARACTERS = 1_000;
const COUNTER_FROM = 900;
const DRAFT = "draft";

/** Characters as the server counts them: an emoji of two halves is one. */
export const characters = (text: string): number => Array.from(text).length;

/** What a keyboard event tells; the old key code is the only trace of an input method that Safari leaves. */
interface KeyPress {
  key: string;
  shiftKey: boolean;
  isComposing: boolean;
  keyCode: number;
}

/**
 * Does this key press send? Enter does, Shift+Enter breaks the line. While an input
 * method is composing, Enter only takes its word: `isComposing` says so, or, where the
 * browser ends the composition before it reports the key, the code 229.
 */
export function sends(event: KeyPress): boolean {
  return event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
}

/** The field to write in. What stands in it is kept until it is sent, also over a reload. */
export class Composer {
  readonly element: HTMLFormElement;
  private readonly field: HTMLTextAreaElement;
  private readonly counter: HTMLElement;
  private readonly button: HTMLButtonElement;
  private isComposing = false;

  constructor(
    private readonly context: Context,
    private readonly onSend: () => void,
    private readonly pictures: Pictures,
  ) {
    const { texts, store } = context;
    this.field = h("textarea", {
      id: "field",
      rows: 1,
      "aria-label": texts.input.label,
      "aria-describedby": "counter hint",
      enterkeyhint: "send",
      autocomplete: "off",
      placeholder: texts.input.placeholder,
      oninput: () => this.changed(),
      onkeydown: (event: KeyboardEvent) => this.key(event),
      onpaste: (event: ClipboardEvent) => this.paste(event),
      oncompositionstart: () => (this.isComposing = true),
      oncompositionend: () => {
        this.isComposing = false;
        this.changed();
      },
    });
    this.counter = h("span", { id: "counter", class: "counter", "aria-live": "polite" });
    this.button = h("button", { type: "submit", class: "send", "aria-label": texts.input.send }, icon("send"));
    this.element = h(
      "form",
      { class: "composer", onsubmit: (event: Event) => this.submit(event) },
      pictures.element,
      h("div", { class: "field" }, pictures.button, this.field, this.button),
      h("div", { class: "below" }, h("span", { id: "hint", class: "hint" }, texts.input.hint), this.counter),
    );
    const draft = store.read(DRAFT);
    if (typeof draft === "string") this.field.value = draft;
  }

  focus(): void {
    this.field.focus();
  }

  update(): void {
    const { client, texts } = this.context;
    const isWaiting = client.owner === "queued";
    attr(this.field, "placeholder", isWaiting ? texts.input.note : texts.input.placeholder);
    this.element.hidden = client.owner === "closed";
    this.measure();
  }

  /** Grows with its text, up to the height that the style allows. */
  measure(): void {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
    const count = characters(this.field.value.trim());
    const isOver = count > MOST_CHARACTERS;
    const { texts } = this.context;
    const left = MOST_CHARACTERS - count;
    setText(this.counter, count < COUNTER_FROM ? "" : isOver ? texts.over(-left) : texts.left(left));
    attr(this.counter, "data-over", isOver ? "" : null);
    attr(this.field, "aria-invalid", isOver ? "true" : null);
    this.button.disabled = count === 0 || isOver;
  }

  private changed(): void {
    this.context.store.write(DRAFT, this.field.value || undefined);
    this.context.client.tellTyping();
    this.measure();
  }

  private key(event: KeyboardEvent): void {
    if (!sends(event) || this.isComposing) return;
    event.preventDefault();
    this.submit(event);
  }

  /** A picture from the clipboard is sent; words that come with it are meant as words. */
  private paste(event: ClipboardEvent): void {
    const found = event.clipboardData?.types.includes("text/plain") ? [] : picturesIn(event.clipboardData);
    if (found.length === 0) return;
    event.preventDefault();
    this.pictures.add(found);
  }

  private submit(event: Event): void {
    event.preventDefault();
    const text = this.field.value.trim();
    if (!text || characters(text) > MOST_CHARACTERS) return;
    this.field.value = "";
    this.context.store.write(DRAFT, undefined);
    this.measure();
    this.context.client.say(text);
    this.onSend();
  }
}
