import type { Unsent } from "./outbox";
import type { Button, Card, MessageFrame, Speaker } from "./protocol";

export type Status = "sent" | "sending" | "failed";

/** One line of the conversation as the customer sees it. */
export interface Entry {
  /** Stays the same from sending to sent, so that the line on the screen is the same line. */
  key: string;
  seq: number | null;
  from: Speaker;
  text: string;
  buttons: Button[];
  areButtonsUsed: boolean;
  /** Of the customer's message: the number of the message whose button was pressed. */
  source: number | null;
  card: Card | null;
  at: number;
  agentName: string | null;
  clientMsgId: string | null;
  status: Status;
  reason: string | null;
}

/**
 * The messages of one conversation: each once, in the server's order, the unsent ones last.
 * The same message may arrive as an acknowledgement, as an echo, and again after a
 * reconnect, in any order.
 */
export class MessageLog {
  private bySeq = new Map<number, Entry>();
  private unsent: Entry[] = [];

  constructor(private readonly conversation: string) {}

  /** Messages of the server in order, then what is being sent. What failed stays at its time. */
  entries(): Entry[] {
    const entries = [...this.bySeq.values()].sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
    for (const entry of this.unsent) {
      const place = entry.status === "failed" ? entries.findIndex((other) => other.at > entry.at) : -1;
      entries.splice(place < 0 ? entries.length : place, 0, entry);
    }
    return entries;
  }

  /** The highest number up to which nothing is missing: what `hello` asks `after`. */
  contiguous(): number {
    let seq = 0;
    while (this.bySeq.has(seq + 1)) seq += 1;
    return seq;
  }

  highest(): number {
    return Math.max(0, ...this.bySeq.keys());
  }

  /** @returns the new entry, or null when the message was known already */
  receive(frame: MessageFrame): Entry | null {
    const local = frame.clientMsgId ? this.takeUnsent(frame.clientMsgId) : null;
    const known = this.bySeq.get(frame.seq);
    if (known) {
      // The acknowledgement came first; the server's text is the one that counts (cards are masked there).
      known.text = frame.text;
      known.at = Date.parse(frame.at) || known.at;
      return null;
    }
    const entry: Entry = {
      key: local?.key ?? `${this.conversation}:${frame.seq}`,
      seq: frame.seq,
      from: frame.from,
      text: frame.text,
      buttons: frame.buttons,
      areButtonsUsed: frame.areButtonsUsed || this.unsent.some((unsent) => unsent.source === frame.seq),
      source: local?.source ?? null,
      card: frame.card,
      at: Date.parse(frame.at) || Date.now(),
      agentName: frame.agentName,
      clientMsgId: frame.clientMsgId,
      status: "sent",
      reason: null,
    };
    this.bySeq.set(frame.seq, entry);
    return entry;
  }

  addUnsent(item: Unsent): Entry {
    const existing = this.unsent.find((entry) => entry.clientMsgId === item.id);
    if (existing) return existing;
    this.setButtonsUsed(item.source, item.failed === null);
    const entry: Entry = {
      key: `unsent:${item.id}`,
      seq: null,
      from: "customer",
      text: item.text,
      buttons: [],
      areButtonsUsed: false,
      source: item.source,
      card: null,
      at: item.at,
      agentName: null,
      clientMsgId: item.id,
      status: item.failed === null ? "sending" : "failed",
      reason: item.failed,
    };
    this.unsent.push(entry);
    return entry;
  }

  setStatus(id: string, status: Status, reason: string | null): void {
    const entry = this.unsent.find((candidate) => candidate.clientMsgId === id);
    if (!entry) return;
    entry.status = status;
    entry.reason = reason;
    this.setButtonsUsed(entry.source, status !== "failed");
  }

  acknowledge(id: string, seq: number): void {
    const entry = this.takeUnsent(id);
    if (!entry || this.bySeq.has(seq)) return;
    this.bySeq.set(seq, { ...entry, seq, status: "sent", reason: null });
  }

  discard(id: string): void {
    this.takeUnsent(id);
  }

  /** Buttons go grey when one is pressed, and live again when that could not be sent. */
  private setButtonsUsed(seq: number | null, areUsed: boolean): void {
    const entry = seq === null ? undefined : this.bySeq.get(seq);
    if (entry) entry.areButtonsUsed = areUsed;
  }

  private takeUnsent(id: string): Entry | null {
    const index = this.unsent.findIndex((entry) => entry.clientMsgId === id);
    return index < 0 ? null : (this.unsent.splice(index, 1)[0] ?? null);
  }
}
