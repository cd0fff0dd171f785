import { Emitter } from "./emitter";
import { Link, type Connection, type LinkOptions } from "./link";
import { MessageLog, type Entry } from "./log";
import { Outbox, uuid, type Unsent } from "./outbox";
import { readFrame } from "./protocol";
import type {
  Button,
  ClientFrame,
  ErrorFrame,
  Owner,
  Page,
  ServerFrame,
  SurveyFrame,
  WelcomeFrame,
} from "./protocol";
import type { Store } from "./store";
import { Timers } from "./timers";

export interface ClientOptions extends LinkOptions {
  store: Store;
}

interface Events {
  /** Anything that is drawn has changed. */
  change: undefined;
  /** The other side said something new: not the history, not what the customer wrote. */
  message: Entry;
  owner: Owner;
  /** An error that belongs to no message, in words for people. */
  notice: string;
  /** The identity was not believed, most often because its token has run out. */
  identityRefused: undefined;
}

const ACK_TIMEOUT = 8_000;
const MOST_TRIES = 3;
/** After these the same message may be taken a little later. */
const PASSING_CODES = ["too_many_requests", "unavailable"];
const PASSING_PAUSE = 3_000;
const GAP_PATIENCE = 2_500;
const TYPING_EVERY = 3_000;
/** How long dots stay when the answer that they announce does not come. */
const TYPING_SHOWN = { bot: 30_000, agent: 6_000 };

/**
 * One visit over `/ws/chat`: sends each message until it is acknowledged (always under the
 * same client_msg_id, so that it counts once), and holds the conversation in the server's order.
 */
export class ChatClient {
  readonly events = new Emitter<Events>();
  owner: Owner = "bot";
  position: number | null = null;
  waitSeconds: number | null = null;
  /** Who is typing, if anybody. */
  typing: "bot" | "agent" | null = null;
  /** What the visitor is asked about an earlier contact, until it is answered or put away. */
  survey: SurveyFrame | null = null;
  /** False until the history of the visit is there. */
  hasHistory = false;
  conversation: string | null = null;
  /** What was said in conversations that ended while this page was open. */
  earlier: Entry[] = [];
  private isIdentityNew = false;

  private log = new MessageLog("");
  private readonly outbox: Outbox;
  private readonly link: Link<ClientFrame, ServerFrame>;
  private readonly timers = new Timers();
  private readonly tries = new Map<string, number>();
  private isWelcomed = false;
  private historySeq = 0;
  private askedAfter = 0;
  private acceptedGap = 0;
  private lastTypingSent = 0;
  private wish: "request_human" | "cancel_request" | "end" | null = null;
  /** Empty: the host page said that nobody is signed in there; null: it said nothing. */
  private identity: string | null = null;
  private page: Page | null = null;

  constructor(private readonly options: ClientOptions) {
    this.outbox = new Outbox(options.store);
    this.link = new Link(options, {
      hello: () => this.hello(),
      read: readFrame,
      frame: (frame) => this.receive(frame),
      down: () => this.down(),
      state: () => this.changed(),
    });
    this.log = this.withUnsent(this.log);
  }

  get connection(): Connection {
    return this.link.state;
  }

  get entries(): Entry[] {
    return this.log.entries();
  }

  start(): void {
    this.link.start();
  }

  stop(): void {
    this.link.stop();
  }

  wake(): void {
    this.link.wake();
  }

  sleep(): void {
    this.link.sleep();
  }

  /** Takes effect with a new hello, so a live connection is made anew. */
  setIdentity(token: string | null): void {
    const said = token ?? "";
    if (said === this.identity) return;
    this.identity = said;
    this.isIdentityNew = true;
    this.link.renew();
  }

  setPage(page: Page | null): void {
    if (JSON.stringify(page) === JSON.stringify(this.page)) return;
    this.page = page;
    this.link.renew();
  }

  /** @param text what the customer wrote: not empty, at most 1,000 characters */
  say(text: string): void {
    this.post({ text, payload: null, source: null });
  }

  press(entry: Entry, button: Button): void {
    this.post({ text: button.title, payload: button.payload, source: entry.seq });
  }

  retry(id: string): void {
    this.tries.delete(id);
    this.outbox.setFailed(id, null);
    this.log.setStatus(id, "sending", null);
    if (this.isWelcomed) this.flush();
    else this.link.wake();
    this.changed();
  }

  discard(id: string): void {
    this.settle(id);
    this.log.discard(id);
    this.changed();
  }

  /** Asks for a person, at once or when the connection is back. */
  requestHuman(): void {
    this.want("request_human");
  }

  cancelRequest(): void {
    this.want("cancel_request");
  }

  end(): void {
    this.want("end");
  }

  /** A new conversation after one that was closed. */
  restart(): void {
    if (this.owner !== "closed") return;
    this.setOwner("bot", null, null);
    this.begin("");
    this.conversation = null;
    this.hasHistory = false;
    this.link.renew();
    this.changed();
  }

  /** Answers of the survey, or `{skip: true}`; the server's answer shows what is left. */
  answerSurvey(answers: Record<string, number | string | boolean>): boolean {
    if (!this.survey || !this.isWelcomed) return false;
    this.link.send({ type: "survey", id: this.survey.id, answers });
    return true;
  }

  /** Puts the thanks away. */
  dropSurvey(): void {
    this.survey = null;
    this.changed();
  }

  /** Tells the agent that the customer is writing, every few seconds at most. */
  tellTyping(): void {
    if (this.owner !== "human" || !this.isWelcomed || Date.now() - this.lastTypingSent < TYPING_EVERY) return;
    this.lastTypingSent = Date.now();
    this.link.send({ type: "typing" });
  }

  private post(what: Pick<Unsent, "text" | "payload" | "source">): void {
    const item = { ...what, id: uuid(), at: Date.now(), failed: null };
    this.outbox.add(item);
    this.log.addUnsent(item);
    if (this.isWelcomed) this.flush();
    this.changed();
  }

  private want(wish: "request_human" | "cancel_request" | "end"): void {
    if (this.isWelcomed) this.link.send({ type: wish });
    else this.wish = wish;
  }

  private hello(): ClientFrame {
    const visitor = this.options.store.read("visitor");
    this.askedAfter = this.conversation ? Math.max(this.log.contiguous(), this.acceptedGap) : 0;
    return {
      type: "hello",
      visitor: typeof visitor === "string" ? visitor : null,
      after: this.askedAfter,
      ...(this.conversation ? { conversation: this.conversation } : {}),
      ...(this.identity !== null ? { identity: this.identity } : {}),
      ...(this.page ? { page: this.page } : {}),
    };
  }

  private down(): void {
    this.isWelcomed = false;
    this.typing = null;
    this.timers.clearAll();
  }

  private receive(frame: ServerFrame): void {
    switch (frame.type) {
      case "welcome":
        this.welcome(frame);
        break;
      case "message": {
        const entry = this.log.receive(frame);
        if (frame.clientMsgId) this.settle(frame.clientMsgId);
        if (frame.from !== "customer") this.typing = null;
        this.check();
        if (entry && frame.from !== "customer" && frame.seq > this.historySeq) this.events.emit("message", entry);
        break;
      }
      case "ack":
        this.settle(frame.clientMsgId);
        this.log.acknowledge(frame.clientMsgId, frame.seq);
        this.check();
        break;
      case "owner":
        this.setOwner(frame.owner, frame.position, frame.waitSeconds);
        break;
      case "survey":
        this.survey = frame;
        break;
      case "typing":
        this.typing = frame.from;
        this.timers.set("typing", TYPING_SHOWN[frame.from], () => {
          this.typing = null;
          this.changed();
        });
        break;
      case "error":
        this.fail(frame);
        break;
    }
    this.changed();
  }

  private welcome(frame: WelcomeFrame): void {
    if (frame.visitor) this.options.store.write("visitor", frame.visitor);
    if (frame.conversation !== this.conversation) {
      const isStale = this.askedAfter > 0;
      this.begin(frame.conversation);
      this.conversation = frame.conversation;
      if (isStale && !this.isWelcomed && frame.seq > 0) {
        // What was asked for came after a message of another conversation: ask again from the start.
        this.link.renew();
        return;
      }
    }
    this.link.welcomed();
    this.isWelcomed = true;
    this.isIdentityNew = false;
    if (!this.hasHistory) this.historySeq = frame.seq;
    this.setOwner(frame.owner, this.position, this.waitSeconds);
    this.check();
    const wish = this.wish;
    this.wish = null;
    this.flush();
    if (wish) this.link.send({ type: wish });
  }

  private begin(conversation: string): void {
    // Another person signed in on the host page: what the former one wrote is not theirs to read.
    if (this.isIdentityNew) {
      this.earlier = [];
      this.survey = null;
    } else {
      this.earlier = [...this.earlier, ...this.log.entries().filter((entry) => entry.seq !== null)];
    }
    this.log = this.withUnsent(new MessageLog(conversation));
    this.historySeq = this.askedAfter = this.acceptedGap = 0;
  }

  private withUnsent(log: MessageLog): MessageLog {
    for (const item of this.outbox.items()) log.addUnsent(item);
    return log;
  }

  /** Is the history complete, and has no number been left out? */
  private check(): void {
    const highest = this.log.highest();
    if (highest >= this.historySeq) this.hasHistory = true;
    const contiguous = Math.max(this.log.contiguous(), this.acceptedGap);
    if (highest <= contiguous) {
      this.timers.clear("gap");
    } else if (!this.timers.has("gap")) {
      this.timers.set("gap", GAP_PATIENCE, () => {
        // Ask once for what is missing; a hole that stays after that is the server's to explain.
        if (this.askedAfter === this.log.contiguous()) this.acceptedGap = this.log.highest();
        else this.link.renew();
      });
    }
  }

  private setOwner(owner: Owner, position: number | null, waitSeconds: number | null): void {
    const before = this.owner;
    this.owner = owner;
    this.position = owner === "queued" ? position : null;
    this.waitSeconds = owner === "queued" ? waitSeconds : null;
    if (owner === "closed" || owner === "queued") this.typing = null;
    if (before !== owner) this.events.emit("owner", owner);
  }

  /** Sends what is unsent, oldest first; what waits for its acknowledgement is left alone. */
  private flush(): void {
    for (const item of this.outbox.items()) {
      this.log.addUnsent(item);
      if (item.failed !== null || this.timers.has(item.id)) continue;
      const id = { client_msg_id: item.id };
      this.link.send(
        item.payload === null
          ? { type: "message", ...id, text: item.text }
          : { type: "button", ...id, payload: item.payload },
      );
      // A connection that swallows messages is dead, whatever it says of itself: make it anew.
      this.timers.set(item.id, ACK_TIMEOUT, () => this.tryAgain(item.id, "", () => this.link.renew()));
    }
  }

  private tryAgain(id: string, reason: string, act: () => void): void {
    const tries = (this.tries.get(id) ?? 0) + 1;
    this.tries.set(id, tries);
    if (tries < MOST_TRIES) act();
    else this.giveUp(id, reason);
    this.changed();
  }

  private fail({ code, message, clientMsgId: id }: ErrorFrame): void {
    if (!id && code === "verification_failed" && this.identity) {
      // The host page can sign a new one; sending this one again at each reconnect helps nobody.
      this.identity = null;
      this.events.emit("identityRefused", undefined);
    } else if (!id) {
      if (code === "survey_closed" || code === "no_survey") this.survey = null;
      if (message) this.events.emit("notice", message);
    } else if (PASSING_CODES.includes(code)) {
      this.tryAgain(id, message, () => this.timers.set(id, PASSING_PAUSE, () => this.flush()));
    } else {
      this.giveUp(id, message);
    }
  }

  private giveUp(id: string, reason: string): void {
    this.timers.clear(id);
    this.tries.delete(id);
    this.outbox.setFailed(id, reason);
    this.log.setStatus(id, "failed", reason);
  }

  private settle(id: string): void {
    this.timers.clear(id);
    this.tries.delete(id);
    this.outbox.remove(id);
  }

  private changed(): void {
    this.events.emit("change", undefined);
  }
}
