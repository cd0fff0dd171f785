import { Emitter } from "../emitter";
import { Link, type Connection, type LinkOptions } from "../link";
import { uuid } from "../outbox";
import type { Store } from "../store";
import { Timers } from "../timers";
import { Refusal } from "./api";
import { readDeskFrame } from "./desk-protocol";
import type {
  Colleague,
  Command,
  CommandFrame,
  DeskFrame,
  Item,
  Line,
  LinesFrame,
  Me,
  Notice,
  OkFrame,
  Snapshot,
} from "./desk-protocol";
import { ThreadLog } from "./thread-log";

export interface DeskOptions extends LinkOptions {
  store: Store;
  now?: () => number;
}

/** What an agent wrote and the service has not confirmed. */
export interface Unsent {
  kind: "send" | "note";
  conversation: string;
  id: string;
  text: string;
  at: number;
  /** Why it was refused, in words for people; null while it is on its way. */
  failed: string | null;
}

interface Events {
  state: Connection;
  snapshot: Snapshot;
  item: Item;
  gone: string;
  /** A conversation's lines have changed; `draft` comes with the first page only. */
  thread: { conversation: string; draft: string | null };
  /** A conversation could not be opened. */
  closed: { conversation: string; why: string };
  /** Somebody else said something just now: no history. */
  said: { conversation: string; line: Line };
  typing: { conversation: string; from: "customer" | "bot" | "agent"; name: string | null };
  staff: Colleague[];
  notice: Notice;
  me: Me;
  unsent: undefined;
}

interface Opened {
  /** Looking into a colleague's conversation is written down. */
  isJoined: boolean;
  log: ThreadLog;
  hasOlder: boolean;
  isLoaded: boolean;
  /** What the `lines` to come answer, in order. */
  asked: ("first" | "missed" | "older")[];
}

interface Waiting {
  settle: (frame: OkFrame) => void;
  refuse: (why: Refusal) => void;
}

const ANSWER_TIMEOUT = 10_000;
const UNSENT = "unsent";
/** The connection's fault, not the wish's: it comes back and asks again. */
const TRY_AGAIN: readonly string[] = ["offline", "slow"];
const WORDS = {
  offline: "连接已断开，请在恢复后再试。",
  slow: "服务没有及时回应，请再试一次。",
};

/**
 * The desk's connection. It comes back by itself; then the snapshot replaces the lists, every open
 * conversation asks for what it missed, and what was written meanwhile is sent under its old id.
 */
export class DeskSocket {
  readonly events = new Emitter<Events>();
  /** When the view was last known to be the present one; null until the first snapshot. */
  freshAt: number | null = null;

  private readonly link: Link<CommandFrame, DeskFrame>;
  private readonly opened = new Map<string, Opened>();
  private readonly waiting = new Map<string, Waiting>();
  private readonly timers = new Timers();
  private outbox: Unsent[];
  private readonly underway = new Set<string>();
  private readonly now: () => number;

  constructor(private readonly options: DeskOptions) {
    const kept = options.store.read(UNSENT);
    this.outbox = Array.isArray(kept) ? (kept as Unsent[]) : [];
    this.now = options.now ?? Date.now;
    this.link = new Link<CommandFrame, DeskFrame>(options, {
      hello: () => ({ type: "hello", id: uuid(), after: 0 }),
      read: readDeskFrame,
      frame: (frame) => this.receive(frame),
      down: () => this.down(),
      state: () => this.events.emit("state", this.link.state),
    });
  }

  get connection(): Connection {
    return this.link.state;
  }

  get unsent(): readonly Unsent[] {
    return this.outbox;
  }

  start(): void {
    this.link.start();
  }

  stop(): void {
    this.link.stop();
    this.timers.clearAll();
  }

  wake(): void {
    this.link.wake();
  }

  sleep(): void {
    this.link.sleep();
  }

  /**
   * @returns what the service answered
   * @throws Refusal: the service's own, or that it could not be reached
   */
  command(command: Command): Promise<OkFrame> {
    return new Promise((settle, refuse) => {
      const id = uuid();
      if (this.link.state !== "online" || !this.link.send({ ...command, id })) {
        refuse(new Refusal("offline", WORDS.offline));
        return;
      }
      this.waiting.set(id, { settle, refuse });
      this.timers.set(id, ANSWER_TIMEOUT, () => {
        this.waiting.delete(id);
        refuse(new Refusal("slow", WORDS.slow));
        // A connection that swallows commands is dead, whatever it says of itself.
        this.link.renew();
      });
    });
  }

  /**
   * Shows a conversation in full from now on, over reconnections too.
   *
   * @param isJoined a lead looks into a colleague's conversation
   */
  open(conversation: string, isJoined = false): void {
    const log = new ThreadLog();
    this.opened.set(conversation, { isJoined, log, hasOlder: false, isLoaded: false, asked: [] });
    this.ask(conversation);
  }

  shut(conversation: string): void {
    this.opened.delete(conversation);
    this.tell({ type: "shut", conversation });
  }

  lines(conversation: string): Line[] {
    return this.opened.get(conversation)?.log.lines() ?? [];
  }

  isLoaded(conversation: string): boolean {
    return this.opened.get(conversation)?.isLoaded ?? false;
  }

  hasOlder(conversation: string): boolean {
    return this.opened.get(conversation)?.hasOlder ?? false;
  }

  highest(conversation: string): number {
    return this.opened.get(conversation)?.log.highest ?? 0;
  }

  async older(conversation: string): Promise<void> {
    const opened = this.opened.get(conversation);
    if (!opened?.hasOlder || opened.asked.includes("older")) return;
    opened.asked.push("older");
    try {
      await this.command({ type: "older", conversation, before: opened.log.first });
    } catch (problem) {
      opened.asked = opened.asked.filter((one) => one !== "older");
      throw problem;
    }
  }

  /** Keeps what was written until the service has it. */
  say(kind: "send" | "note", conversation: string, text: string): void {
    this.outbox.push({ kind, conversation, id: uuid(), text, at: this.now(), failed: null });
    this.keep();
    this.flush();
  }

  retry(id: string): void {
    const item = this.outbox.find((one) => one.id === id);
    if (!item) return;
    item.failed = null;
    this.keep();
    this.flush();
  }

  discard(id: string): void {
    this.settle(id);
  }

  /** Says something that nobody waits for; without a connection it is not said. */
  tell(command: Command): void {
    this.command(command).catch(() => undefined);
  }

  private receive(frame: DeskFrame): void {
    this.freshAt = this.now();
    switch (frame.type) {
      case "ok":
        this.answered(frame.id)?.settle(frame);
        break;
      case "error":
        if (frame.id) this.answered(frame.id)?.refuse(new Refusal(frame.code, frame.message, frame.fields ?? {}));
        break;
      case "snapshot":
        this.welcome(frame);
        break;
      case "lines":
        this.page(frame);
        break;
      case "line":
        this.line(frame.conversation, frame.line);
        break;
      case "item":
        this.events.emit("item", frame.item);
        break;
      case "gone":
        this.events.emit("gone", frame.conversation);
        break;
      case "typing":
        this.events.emit("typing", { conversation: frame.conversation, from: frame.from, name: frame.name ?? null });
        break;
      case "staff":
        this.events.emit("staff", frame.staff);
        break;
      case "notice":
        this.events.emit("notice", frame.notice);
        break;
      case "me":
        this.events.emit("me", frame.me);
        break;
    }
  }

  private welcome(frame: Snapshot): void {
    this.link.welcomed();
    this.events.emit("snapshot", frame);
    for (const conversation of this.opened.keys()) this.ask(conversation);
    this.flush();
  }

  /** Asks for a conversation's first page, or for what came after the last line that is held. */
  private ask(conversation: string): void {
    const opened = this.opened.get(conversation);
    if (!opened || this.link.state !== "online") return;
    const isFirst = !opened.isLoaded;
    opened.asked.push(isFirst ? "first" : "missed");
    const type = isFirst && opened.isJoined ? "join" : "open";
    this.command({ type, conversation, after: isFirst ? 0 : opened.log.after }).catch((problem: unknown) => {
      opened.asked = opened.asked.filter((one) => one === "older");
      if (isFirst && !TRY_AGAIN.includes((problem as Refusal).code)) {
        this.events.emit("closed", { conversation, why: (problem as Refusal).words });
      }
    });
  }

  private page(frame: LinesFrame): void {
    const opened = this.opened.get(frame.conversation);
    if (!opened) return;
    const what = opened.asked.shift() ?? "missed";
    const before = opened.log.after;
    if (what === "first") opened.log.begin(frame.lines);
    else for (const line of frame.lines) opened.log.add(line);
    if (what !== "missed") opened.hasOlder = frame.has_older;
    opened.isLoaded = true;
    this.events.emit("thread", { conversation: frame.conversation, draft: what === "first" ? frame.draft : null });
    // More was missed than one page holds.
    if (what === "missed" && opened.log.after > before && opened.log.after < frame.seq) this.ask(frame.conversation);
  }

  private line(conversation: string, line: Line): void {
    const opened = this.opened.get(conversation);
    if (!opened) return;
    const isNew = opened.log.add(line);
    this.events.emit("thread", { conversation, draft: null });
    if (isNew) this.events.emit("said", { conversation, line });
    // A number was left out: ask for it, once at a time.
    if (opened.isLoaded && opened.log.highest > opened.log.after && !opened.asked.includes("missed")) {
      this.ask(conversation);
    }
  }

  /** Sends what is unsent, oldest first, one at a time for each conversation: their order is the order of writing. */
  private flush(): void {
    if (this.link.state !== "online") return;
    const busy = new Set([...this.underway].map((id) => this.outbox.find((one) => one.id === id)?.conversation));
    for (const item of this.outbox) {
      if (item.failed !== null || busy.has(item.conversation)) continue;
      busy.add(item.conversation);
      this.underway.add(item.id);
      const { kind, conversation, id, text } = item;
      this.command({ type: kind, conversation, client_msg_id: id, text })
        .then(({ line }) => {
          this.underway.delete(id);
          this.settle(id);
          if (line) this.line(conversation, line);
        })
        .catch((problem: unknown) => {
          this.underway.delete(id);
          const why = problem as Refusal;
          if (TRY_AGAIN.includes(why.code)) return;
          item.failed = why.words;
          this.keep();
        })
        .finally(() => this.flush());
    }
  }

  private settle(id: string): void {
    const left = this.outbox.filter((one) => one.id !== id);
    if (left.length === this.outbox.length) return;
    this.outbox = left;
    this.keep();
  }

  private keep(): void {
    this.options.store.write(UNSENT, this.outbox.length ? this.outbox : undefined);
    this.events.emit("unsent", undefined);
  }

  private answered(id: string): Waiting | undefined {
    const found = this.waiting.get(id);
    this.waiting.delete(id);
    this.timers.clear(id);
    return found;
  }

  private down(): void {
    this.timers.clearAll();
    const left = [...this.waiting.values()];
    this.waiting.clear();
    for (const opened of this.opened.values()) opened.asked = [];
    for (const one of left) one.refuse(new Refusal("offline", WORDS.offline));
  }
}
