import type { Entry } from "../shared/log";
import { pieces } from "../shared/links";
import { cardElement } from "./cards";
import type { Context } from "./context";
import { attr, h, icon, setText } from "./dom";
import { seal } from "./header";

export interface RowState {
  /** First of a group of the same speaker: carries the name and the seal. */
  isFirst: boolean;
  /** Title of the button that was chosen, when known. */
  chosen: string | null;
  /** Belongs to the running conversation, so that its buttons live. */
  isCurrent: boolean;
}

export interface Row {
  element: HTMLElement;
  update: (entry: Entry, state: RowState) => void;
}

/** The line that knowledge answers end with: where it is written, and of when. */
const SOURCE_LINE = /^[(\uff08]?(?:来源|出处|资料来源|答案来源)[:\uff1a]/;

/** One message. Its words are made once; what changes (sending, buttons used) is updated in place. */
export function createRow(entry: Entry, context: Context): Row {
  if (entry.from === "system") return systemRow(entry, context);
  const isOwn = entry.from === "customer";
  const name = h("div", { class: "name" });
  const buttons = new ButtonRow(context);
  const status = isOwn ? new StatusLine(context) : null;
  const element = h(
    "div",
    { class: `row from-${entry.from}` },
    !isOwn && h("div", { class: "avatar" }, entry.from === "bot" ? seal() : initial(entry.agentName)),
    h(
      "div",
      { class: "body" },
      isOwn ? null : name,
      // A picture's line says the same as the picture.
      entry.card?.type !== "evidence" && entry.text && bubble(entry.text, context),
      entry.card && cardElement(entry.card, context),
      entry.buttons.length > 0 && buttons.element,
      status?.element,
    ),
  );
  setText(name, entry.from === "agent" ? (entry.agentName ?? "") : context.texts.assistant);
  return {
    element,
    update(current, state) {
      attr(element, "data-first", state.isFirst ? "" : null);
      attr(element, "data-seq", current.seq === null ? null : String(current.seq));
      if (current.buttons.length > 0) buttons.update(current, state);
      status?.update(current);
    },
  };
}

function systemRow(entry: Entry, context: Context): Row {
  const buttons = new ButtonRow(context);
  const element = h(
    "div",
    { class: "row from-system" },
    h("div", { class: "note" }, ...linked(entry.text, context)),
    entry.card && cardElement(entry.card, context),
    entry.buttons.length > 0 && buttons.element,
  );
  return {
    element,
    update(current, state) {
      attr(element, "data-seq", String(current.seq));
      if (current.buttons.length > 0) buttons.update(current, state);
    },
  };
}

/** A text as it was written; only its own last line about the source is set apart. */
export function bubble(text: string, context: Context): HTMLElement {
  const lines = text.trimEnd().split("\n");
  const last = lines.at(-1) ?? "";
  const hasSource = lines.length > 1 && SOURCE_LINE.test(last.trim());
  const words = hasSource ? lines.slice(0, -1).join("\n").trimEnd() : text;
  return h(
    "div",
    { class: "bubble" },
    h("span", { class: "words" }, ...linked(words, context)),
    hasSource && h("span", { class: "source" }, ...linked(withoutBrackets(last.trim()), context)),
  );
}

/** The line stands apart already; brackets around the whole of it would say so twice. */
function withoutBrackets(line: string): string {
  return /^[(\uff08].*[)\uff09]$/.test(line) ? line.slice(1, -1) : line;
}

function linked(text: string, { settings, hosts }: Context): Node[] {
  return pieces(text, settings.origin, hosts).map((piece) =>
    piece.href
      ? h("a", { href: piece.href, target: "_blank", rel: "noopener noreferrer nofollow" }, piece.text)
      : document.createTextNode(piece.text),
  );
}

function initial(name: string | null): HTMLElement {
  return h("span", { class: "initial", "aria-hidden": "true" }, Array.from(name ?? "人")[0] ?? "");
}

/** Quick replies: grey once one of them is used. They keep the focus, so that a keyboard user is not thrown out. */
class ButtonRow {
  readonly element = h("div", { class: "choices", role: "group" });
  private isMade = false;

  constructor(private readonly context: Context) {}

  update(entry: Entry, state: RowState): void {
    if (!this.isMade) this.make(entry);
    const isDead = entry.areButtonsUsed || !state.isCurrent;
    for (const button of this.element.querySelectorAll("button")) {
      attr(button, "aria-disabled", isDead ? "true" : null);
      const isChosen = entry.areButtonsUsed && button.textContent === state.chosen;
      attr(button, "data-chosen", isChosen ? "" : null);
      attr(button, "aria-description", isChosen ? this.context.texts.chosen : null);
    }
  }

  private make(entry: Entry): void {
    this.isMade = true;
    for (const button of entry.buttons) {
      const press = (event: Event): void => {
        if ((event.currentTarget as Element).getAttribute("aria-disabled") === "true") return;
        this.context.client.press(entry, button);
      };
      this.element.append(h("button", { type: "button", class: "choice", onclick: press }, button.title));
    }
  }
}

/** Under one's own message: nothing once it is sent, a clock while it is not, and the way on when it failed. */
class StatusLine {
  readonly element = h("div", { class: "delivery" });
  private shown = "";

  constructor(private readonly context: Context) {}

  update(entry: Entry): void {
    const { texts, client } = this.context;
    const isOnline = client.connection === "online";
    const shown = `${entry.status}|${entry.reason ?? ""}|${String(isOnline)}`;
    if (shown === this.shown) return;
    this.shown = shown;
    attr(this.element, "data-status", entry.status);
    if (entry.status === "sent") this.element.replaceChildren();
    else if (entry.status === "sending") this.element.replaceChildren(icon("clock"), isOnline ? texts.sending : texts.waiting);
    else {
      const id = entry.clientMsgId ?? "";
      const reason = entry.reason === "" ? null : entry.reason;
      this.element.replaceChildren(
        icon("alert"),
        h("span", { role: "alert" }, reason ?? texts.failed),
        h("button", { type: "button", class: "link", onclick: () => client.retry(id) }, texts.retry),
        h("button", { type: "button", class: "link", onclick: () => client.discard(id) }, texts.discard),
      );
    }
  }
}
