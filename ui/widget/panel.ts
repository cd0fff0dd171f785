import { Composer } from "./composer";
import type { Context } from "./context";
import { attr, h } from "./dom";
import { createHeader } from "./header";
import { Pictures, picturesIn } from "./pictures";
import { Sheet } from "./sheet";
import { createSurvey } from "./survey";
import { Thread } from "./thread";
import { createEnded, createWaiting } from "./waiting";

/** The whole chat between its own four walls. */
export class Panel {
  readonly element: HTMLElement;
  private readonly thread: Thread;
  private readonly composer: Composer;
  private readonly pictures: Pictures;
  private readonly sheet: Sheet;
  private readonly notice: HTMLElement;
  private readonly endButton: HTMLElement;
  private readonly updates: (() => void)[];
  private noticeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly context: Context,
    onMinimise: (() => void) | null,
  ) {
    const { texts, settings } = context;
    const header = createHeader(context, onMinimise);
    this.thread = new Thread(context);
    this.pictures = new Pictures(context, () => this.thread.toEnd());
    this.composer = new Composer(context, () => this.thread.toEnd(), this.pictures);
    const waiting = createWaiting(context, () => this.composer.focus());
    const ended = createEnded(context, () => this.composer.focus());
    const survey = createSurvey(context, () => this.composer.focus());
    this.notice = h("div", { class: "notice", role: "alert" });
    this.endButton = h("button", { type: "button", class: "link", onclick: () => this.askEnd() }, texts.end.ask);
    const privacy = h("a", { href: settings.privacy, target: "_blank", rel: "noopener" }, texts.privacy.link);
    // Only on the service's own page: elsewhere the visit is kept in the shop's storage, which ours cannot read.
    const mine = settings.mode === "page" && h("a", { href: "/me", class: "mine" }, texts.privacy.mine);
    const foot = h(
      "div",
      { class: "foot" },
      this.notice,
      waiting.element,
      survey.element,
      ended.element,
      this.composer.element,
      h("p", { class: "small" }, h("span", {}, texts.footer), privacy, mine, this.endButton),
    );
    const parts = [header.element, this.thread.element, foot];
    this.sheet = new Sheet(() => parts);
    this.element = h(
      "div",
      {
        class: "panel",
        role: settings.mode === "corner" ? "dialog" : "main",
        "aria-labelledby": "title",
        onkeydown: (event: KeyboardEvent) => {
          // Escape belongs to the input method while it is composing.
          if (event.key === "Escape" && !event.isComposing) onMinimise?.();
        },
        ondragover: (event: DragEvent) => this.dragged(event),
        ondragleave: (event: DragEvent) => {
          if (!this.element.contains(event.relatedTarget as Node | null)) attr(this.element, "data-drop", null);
        },
        ondrop: (event: DragEvent) => this.dropped(event),
      },
      ...parts,
      this.sheet.element,
    );
    this.updates = [
      () => header.update(),
      () => waiting.update(),
      () => survey.update(),
      () => ended.update(),
      () => this.composer.update(),
      () => this.thread.update(),
    ];
  }

  update(): void {
    for (const update of this.updates) update();
    const hasSpoken = this.context.client.entries.some((entry) => entry.from === "customer" && entry.seq !== null);
    this.endButton.hidden = !hasSpoken || this.context.client.owner === "closed";
  }

  focus(): void {
    this.composer.focus();
  }

  toEnd(): void {
    this.thread.toEnd();
  }

  /** Says something for some seconds: an error that belongs to no message. */
  say(text: string): void {
    this.notice.textContent = text;
    clearTimeout(this.noticeTimer);
    this.noticeTimer = setTimeout(() => (this.notice.textContent = ""), 8_000);
  }

  private dragged(event: DragEvent): void {
    if (!event.dataTransfer?.types.includes("Files")) return;
    // Otherwise the browser would leave the page and show the file.
    event.preventDefault();
    if (this.takesPictures()) attr(this.element, "data-drop", this.context.texts.picture.drop);
    else event.dataTransfer.dropEffect = "none";
  }

  private dropped(event: DragEvent): void {
    attr(this.element, "data-drop", null);
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    if (this.takesPictures()) this.pictures.add(picturesIn(event.dataTransfer));
  }

  private takesPictures(): boolean {
    return this.context.client.owner !== "closed" && !this.sheet.isOpen;
  }

  private askEnd(): void {
    const { client, texts } = this.context;
    this.sheet.show(
      texts.end.title,
      [texts.end.text],
      [{ label: texts.end.cancel }, { label: texts.end.confirm, act: () => client.end() }],
    );
  }
}
