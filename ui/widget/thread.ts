import type { Entry } from "../shared/log";
import { needsSeparator, separator } from "../shared/times";
import type { Context } from "./context";
import { attr, h, icon } from "./dom";
import { seal } from "./header";
import { bubble, createRow, type Row } from "./message";

/** Within this many pixels of the end the reader follows the conversation. */
const NEAR_END = 80;

interface Line {
  key: string;
  make: () => Row | HTMLElement;
  update?: (row: Row) => void;
}

/** The conversation: every message once, times between them, and always where the reader is. */
export class Thread {
  readonly element: HTMLElement;
  private readonly log: HTMLElement;
  private readonly typing: HTMLElement;
  private readonly jump: HTMLElement;
  private readonly scroller: HTMLElement;
  private lines = new Map<string, Row | HTMLElement>();
  private lastKey = "";
  private isFollowing = true;

  constructor(private readonly context: Context) {
    const { texts } = context;
    this.log = h("div", { class: "log", role: "log", "aria-live": "off", "aria-label": texts.log });
    this.typing = h(
      "div",
      { class: "row from-bot typing", hidden: true },
      h("div", { class: "avatar" }, seal()),
      h("div", { class: "bubble", role: "img" }, h("i"), h("i"), h("i")),
    );
    // The reader's own scrolling must work without a mouse, hence the tab stop.
    this.scroller = h(
      "div",
      { class: "scroller", tabindex: 0, role: "region", "aria-label": texts.log, onscroll: () => this.scrolled() },
      this.log,
      this.typing,
    );
    this.jump = h(
      "button",
      { type: "button", class: "jump", hidden: true, onclick: () => this.toEnd() },
      icon("down"),
      texts.newMessages,
    );
    this.element = h("div", { class: "thread" }, this.scroller, this.jump);
    // A growing field takes room from the thread: the reader at the end stays at the end.
    new ResizeObserver(() => {
      if (this.isFollowing) this.toEnd();
    }).observe(this.scroller);
  }

  update(): void {
    const { client } = this.context;
    this.reconcile([...this.introduction(), ...this.conversation()]);
    attr(this.log, "aria-live", client.hasHistory ? "polite" : "off");
    this.typing.hidden = client.typing === null;
    attr(this.typing, "data-from", client.typing);
    if (client.typing) {
      attr(this.typing.querySelector(".bubble") ?? this.typing, "aria-label", this.context.texts.typing[client.typing]);
    }
    const last = client.entries.at(-1);
    const key = last?.key ?? "";
    const isNew = key !== this.lastKey;
    this.lastKey = key;
    if (this.isFollowing || (isNew && last?.status === "sending")) this.toEnd();
    else if (isNew) this.jump.hidden = false;
  }

  toEnd(): void {
    this.isFollowing = true;
    this.jump.hidden = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  private scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.isFollowing = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (this.isFollowing) this.jump.hidden = true;
  }

  private introduction(): Line[] {
    const { client, texts, settings } = this.context;
    const entries = client.earlier.concat(client.entries);
    const first = entries[0];
    const lines: Line[] = [{ key: "privacy", make: () => this.privacyLine() }];
    const isSilent = first ? first.from !== "bot" : client.hasHistory || client.connection === "offline";
    if (isSilent) lines.push({ key: "greeting", make: () => this.greeting(settings.greeting ?? texts.greeting) });
    const hasSpoken = entries.some((entry) => entry.from === "customer");
    const hasChoices = entries.some((entry) => entry.buttons.length > 0);
    if (client.owner === "bot" && !hasSpoken && !hasChoices && (isSilent || first)) {
      lines.push({ key: "starters", make: () => this.starters() });
    }
    return lines;
  }

  private conversation(): Line[] {
    const { client, texts } = this.context;
    const { earlier, entries } = client;
    const lines: Line[] = [];
    const isFresh = earlier.length > 0 && entries.length === 0 && client.owner !== "closed";
    let previous: Entry | null = null;
    for (const entry of [...earlier, ...entries]) {
      const isCurrent = !earlier.includes(entry);
      if (earlier.length > 0 && isCurrent && (previous === null || earlier.includes(previous))) {
        lines.push(this.divider());
        previous = null;
      }
      const hasTime = needsSeparator(entry.at, previous?.at ?? null);
      if (hasTime) {
        const time = separator(entry.at, Date.now(), texts.times);
        lines.push({ key: `time:${entry.key}:${time}`, make: () => h("div", { class: "time" }, time) });
      }
      const isFirst = hasTime || entry.from !== previous?.from || entry.agentName !== previous.agentName;
      const chosen = entry.areButtonsUsed ? chosenTitle(entry, entries) : null;
      lines.push({
        key: entry.key,
        make: () => createRow(entry, this.context),
        update: (row) => row.update(entry, { isFirst, chosen, isCurrent: isCurrent && client.owner !== "closed" }),
      });
      previous = entry;
    }
    if (isFresh) lines.push(this.divider());
    return lines;
  }

  private divider(): Line {
    return {
      key: `divider:${this.context.client.conversation ?? ""}`,
      make: () => h("div", { class: "divider" }, this.context.texts.earlier),
    };
  }

  private privacyLine(): HTMLElement {
    const { texts, settings } = this.context;
    const link = h("a", { href: settings.privacy, target: "_blank", rel: "noopener" }, texts.privacy.link);
    return h("p", { class: "privacy" }, texts.privacy.notice, link);
  }

  private greeting(text: string): HTMLElement {
    return h(
      "div",
      { class: "row from-bot", "data-first": "" },
      h("div", { class: "avatar" }, seal()),
      h("div", { class: "body" }, h("div", { class: "name" }, this.context.texts.assistant), bubble(text, this.context)),
    );
  }

  private starters(): HTMLElement {
    const { client, texts } = this.context;
    return h(
      "div",
      { class: "starters choices" },
      ...texts.starters.map((text) =>
        h("button", { type: "button", class: "choice", onclick: () => client.say(text) }, text),
      ),
    );
  }

  /** Brings the log to `lines` with as few changes as possible: what is read or focused stays. */
  private reconcile(lines: readonly Line[]): void {
    const next = new Map<string, Row | HTMLElement>();
    let place: Node | null = this.log.firstChild;
    const wanted = new Set(lines.map((line) => line.key));
    for (const [key, old] of this.lines) {
      if (wanted.has(key)) continue;
      const element = elementOf(old);
      if (element === place) place = element.nextSibling;
      element.remove();
    }
    for (const line of lines) {
      const row = this.lines.get(line.key) ?? line.make();
      next.set(line.key, row);
      if (!(row instanceof HTMLElement)) line.update?.(row);
      const element = elementOf(row);
      if (element === place) place = element.nextSibling;
      else this.log.insertBefore(element, place);
    }
    this.lines = next;
  }
}

const elementOf = (row: Row | HTMLElement): HTMLElement => (row instanceof HTMLElement ? row : row.element);

/** Which button it was: after a reload only the customer's next words tell. */
function chosenTitle(entry: Entry, entries: readonly Entry[]): string | null {
  const at = entries.indexOf(entry);
  const titles = entry.buttons.map((button) => button.title);
  const answer = entries
    .slice(at + 1)
    .find((later) => later.source === entry.seq || (later.from === "customer" && titles.includes(later.text)));
  return answer?.text ?? null;
}
