import { uuid } from "../shared/outbox";
import { NotTaken, pictureUrl, sendPicture } from "../shared/pictures";
import type { EvidenceCard } from "../shared/protocol";
import type { Context } from "./context";
import { attr, h, icon, setText } from "./dom";

export const PICTURE_TYPES = ["image/jpeg", "image/png", "image/webp"];
export const MOST_BYTES = 8 * 1024 * 1024;
const MOST_AT_ONCE = 9;

/** The visitor's token, once the service has given one. */
function tokenOf({ store }: Context): string {
  const token = store.read("visitor");
  return typeof token === "string" ? token : "";
}

/** Pictures among what is pasted or dropped; text and other files are none of ours. */
export function picturesIn(data: DataTransfer | null): File[] {
  return [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));
}

/**
 * Pictures on their way, above the field: each with its progress, or with why it did not get through and the way
 * to try again. One after the other, so that they stand in the conversation in the order in which they were chosen.
 */
export class Pictures {
  readonly element: HTMLElement;
  readonly button: HTMLElement;
  private readonly list = h("ul", { class: "pictures" });
  private readonly said = h("p", { class: "off", role: "status" });
  private readonly input: HTMLInputElement;
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly context: Context,
    private readonly onSent: () => void,
  ) {
    const { picture } = context.texts;
    this.input = h("input", {
      type: "file",
      accept: PICTURE_TYPES.join(),
      multiple: true,
      hidden: true,
      tabindex: -1,
      "aria-label": picture.add,
      onchange: () => {
        this.add([...(this.input.files ?? [])]);
        this.input.value = ""; // the same file may be chosen again
      },
    });
    const choose = (): void => this.input.click();
    this.button = h(
      "button",
      { type: "button", class: "attach", "aria-label": picture.add, title: picture.add, onclick: choose },
      icon("clip"),
    );
    this.element = h("div", { class: "tray" }, this.list, this.said, this.input);
  }

  add(files: readonly File[]): void {
    for (const file of files.slice(0, MOST_AT_ONCE)) this.take(file);
  }

  private take(file: File): void {
    const { texts } = this.context;
    const id = uuid();
    const preview = URL.createObjectURL(file);
    const bar = h("progress", { max: 1, value: 0, "aria-label": texts.picture.sending(file.name) });
    const reason = h("span", { class: "picture-reason" });
    const image = h("img", { src: preview, alt: "", width: 44, height: 44 });
    image.addEventListener("error", () => image.remove());
    const leave = (): void => {
      const isFocused = row.contains((row.getRootNode() as ShadowRoot).activeElement);
      URL.revokeObjectURL(preview);
      row.remove();
      if (isFocused) this.button.focus();
    };
    const acts = h(
      "span",
      { class: "picture-acts" },
      h("button", { type: "button", class: "link", onclick: () => this.inTurn(send) }, texts.retry),
      h("button", { type: "button", class: "link", onclick: leave }, texts.discard),
    );
    const row = h(
      "li",
      { class: "picture-row" },
      h("span", { class: "picture" }, icon("box"), image),
      h("span", { class: "picture-words" }, h("span", { class: "picture-name" }, file.name), bar, reason, acts),
    );
    const show = (failure: string | null): void => {
      attr(row, "data-failed", failure === null ? null : "");
      bar.hidden = failure !== null;
      acts.hidden = failure === null;
      setText(reason, failure ?? "");
      if (failure !== null) this.tell(failure);
    };
    const send = async (): Promise<void> => {
      if (!row.isConnected) return;
      bar.removeAttribute("value");
      show(null);
      try {
        if (file.size > MOST_BYTES) throw new NotTaken(texts.picture.tooLarge);
        await sendPicture(this.context.settings.origin, tokenOf(this.context), id, file, (share) => {
          // From the last byte on the service works: then nobody knows how long it takes.
          if (share < 1) bar.value = share;
          else bar.removeAttribute("value");
        });
        leave();
        this.tell(texts.picture.sent(file.name));
        this.onSent();
      } catch (error) {
        show((error instanceof NotTaken && error.message) || texts.picture.failed);
      }
    };
    show(null);
    this.list.append(row);
    this.inTurn(send);
  }

  private inTurn(send: () => Promise<void>): void {
    this.queue = this.queue.then(send);
  }

  private tell(text: string): void {
    setText(this.said, text);
  }
}

/** A picture in the conversation: small there, whole after a click. */
export function evidenceCard(card: EvidenceCard, context: Context): HTMLElement {
  const { texts, settings } = context;
  const image = h("img", { alt: card.name, decoding: "async" });
  const missing = h("span", { class: "picture-missing", hidden: true }, icon("box"), texts.picture.missing);
  if (card.width > 0 && card.height > 0) image.style.aspectRatio = `${card.width} / ${card.height}`;
  const open = h(
    "button",
    { type: "button", class: "evidence", "aria-label": texts.picture.open(card.name), onclick: () => void enlarge() },
    image,
    missing,
  );
  const fail = (): void => {
    image.hidden = true;
    missing.hidden = false;
  };
  pictureUrl(settings.origin, tokenOf(context), card.id, true).then((url) => (image.src = url), fail);
  async function enlarge(): Promise<void> {
    try {
      lightbox(await pictureUrl(settings.origin, tokenOf(context), card.id, false), card.name, context);
    } catch {
      fail();
    }
  }
  return open;
}

/** Over everything; Escape, the button and a click beside the picture close it, and the focus goes back. */
function lightbox(url: string, name: string, context: Context): void {
  const close = h(
    "button",
    { type: "button", class: "lightbox-close", "aria-label": context.texts.picture.close, onclick: () => box.close() },
    icon("close"),
  );
  const box = h("dialog", { class: "lightbox", "aria-label": name }, h("img", { src: url, alt: name }), close);
  const before = context.root.activeElement as HTMLElement | null;
  box.addEventListener("click", (event) => {
    if (event.target === box) box.close();
  });
  box.addEventListener("keydown", (event) => event.stopPropagation());
  box.addEventListener("close", () => {
    URL.revokeObjectURL(url);
    box.remove();
    before?.focus();
  });
  (context.root.querySelector(".frame") ?? context.root).append(box);
  box.showModal();
}
