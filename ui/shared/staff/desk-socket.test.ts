import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Socket } from "../link";
import { memoryStore } from "../store";
import type { Line } from "./desk-protocol";
import { DeskSocket } from "./desk-socket";

type Frame = Record<string, unknown> & { type: string; id: string };

/** The service's side of one connection. */
class Wire implements Socket {
  readyState = 1;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readonly sent: Frame[] = [];

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Frame);
  }

  close(): void {
    this.readyState = 3;
  }

  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  /** Opens, and answers the hello with an empty desk. */
  welcome(): void {
    this.onopen?.();
    this.say({ type: "ok", id: this.last("hello")?.id });
    this.say({ type: "snapshot", at: "2026-11-24T02:00:00Z", me: {}, conversations: [], staff: [], notices: [] });
  }

  last(type: string): Frame | undefined {
    return this.sent.filter((frame) => frame.type === type).at(-1);
  }

  count(type: string): number {
    return this.sent.filter((frame) => frame.type === type).length;
  }

  drop(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}

const line = (seq: number | null, at = `2026-11-24T02:00:${String(seq ?? 0).padStart(2, "0")}Z`): Line => ({
  id: seq === null ? `note-${at}` : `m${seq}`,
  seq,
  from: seq === null ? "note" : "customer",
  agent: null,
  text: `line ${seq ?? "note"}`,
  buttons: [],
  card: null,
  at,
  understood: null,
  evidence: [],
});

const C = "11111111-1111-1111-1111-111111111111";

describe("the desk's socket", () => {
  let wires: Wire[];
  let desk: DeskSocket;
  const store = memoryStore();
  const wire = (): Wire => wires[wires.length - 1] as unknown as Wire;

  const begin = (): DeskSocket =>
    new DeskSocket({
      url: "ws://x/ws/desk",
      store,
      random: () => 0,
      connect: () => {
        const made = new Wire();
        wires.push(made);
        return made;
      },
    });

  beforeEach(() => {
    vi.useFakeTimers();
    wires = [];
    store.write("unsent", undefined);
    desk = begin();
    desk.start();
  });
  afterEach(() => {
    desk.stop();
    vi.useRealTimers();
  });

  const openWith = (...seqs: number[]): void => {
    desk.open(C);
    wire().say({ type: "ok", id: wire().last("open")?.id });
    wire().say({
      type: "lines",
      conversation: C,
      lines: seqs.map((seq) => line(seq)),
      seq: seqs.at(-1) ?? 0,
      has_older: false,
      draft: "",
    });
  };

  it("is online once the snapshot is there, not when the connection opens", () => {
    wire().onopen?.();
    expect(desk.connection).toBe("connecting");
    wire().welcome();
    expect(desk.connection).toBe("online");
  });

  it("gives each command its own answer, whatever their order", async () => {
    wire().welcome();
    const first = desk.command({ type: "take", conversation: C });
    const second = desk.command({ type: "take", conversation: "other" });
    const [a, b] = wire().sent.filter((frame) => frame.type === "take");
    wire().say({ type: "error", id: b?.id, code: "already_taken", message: "该会话已由周晓接待。" });
    wire().say({ type: "ok", id: a?.id });
    await expect(second).rejects.toMatchObject({ code: "already_taken", message: "该会话已由周晓接待。" });
    await expect(first).resolves.toMatchObject({ type: "ok" });
  });

  it("does not wait for ever: a connection that swallows commands is made anew", async () => {
    wire().welcome();
    const taking = desk.command({ type: "take", conversation: C });
    const refused = expect(taking).rejects.toMatchObject({ code: "slow" });
    await vi.advanceTimersByTimeAsync(10_000);
    await refused;
    expect(wires).toHaveLength(2);
  });

  it("asks after a reconnection for what came after the last line, and shows every line once, in order", async () => {
    wire().welcome();
    openWith(1, 2, 3);
    wire().drop();
    expect(desk.connection).toBe("offline");
    await vi.advanceTimersByTimeAsync(1_000);
    wire().welcome();
    expect(wire().last("open")).toMatchObject({ conversation: C, after: 3 });
    wire().say({ type: "lines", conversation: C, lines: [line(4), line(5)], seq: 5, has_older: true, draft: "" });
    wire().say({ type: "line", conversation: C, line: line(5) });
    expect(desk.lines(C).map((one) => one.seq)).toEqual([1, 2, 3, 4, 5]);
    expect(desk.hasOlder(C)).toBe(false);
  });

  it("asks for a number that was left out", () => {
    wire().welcome();
    openWith(1, 2);
    wire().say({ type: "line", conversation: C, line: line(4) });
    expect(wire().last("open")).toMatchObject({ after: 2 });
    expect(wire().count("open")).toBe(2);
  });

  it("keeps a reply until the service has it, under one id, over a lost connection", async () => {
    wire().welcome();
    openWith(1);
    desk.say("send", C, "您好");
    const id = wire().last("send")?.client_msg_id;
    wire().drop();
    expect(desk.unsent).toMatchObject([{ id, text: "您好", failed: null }]);
    await vi.advanceTimersByTimeAsync(1_000);
    wire().welcome();
    expect(wire().last("send")?.client_msg_id).toBe(id);
    wire().say({ type: "ok", id: wire().last("send")?.id, line: line(2) });
    await vi.advanceTimersByTimeAsync(0);
    expect(desk.unsent).toEqual([]);
    expect(desk.lines(C).map((one) => one.seq)).toEqual([1, 2]);
  });

  it("sends one after the other, so that they arrive as they were written", async () => {
    wire().welcome();
    desk.say("send", C, "一");
    desk.say("send", C, "二");
    expect(wire().count("send")).toBe(1);
    wire().say({ type: "ok", id: wire().last("send")?.id, line: line(1) });
    await vi.advanceTimersByTimeAsync(0);
    expect(wire().last("send")?.text).toBe("二");
  });

  it("keeps what was refused, with the reason, until somebody decides", async () => {
    wire().welcome();
    desk.say("send", C, "您好");
    wire().say({ type: "error", id: wire().last("send")?.id, code: "forbidden", message: "您没有接待这个会话，请先接管。" });
    await vi.advanceTimersByTimeAsync(0);
    expect(desk.unsent).toMatchObject([{ failed: "您没有接待这个会话，请先接管。" }]);
    desk.retry(desk.unsent[0]?.id ?? "");
    expect(wire().count("send")).toBe(2);
    desk.discard(desk.unsent[0]?.id ?? "");
    expect(desk.unsent).toEqual([]);
  });

  it("sends after a reload what the window had not sent", () => {
    desk.say("note", C, "先记一笔");
    desk.stop();
    desk = begin();
    desk.start();
    wire().welcome();
    expect(wire().last("note")).toMatchObject({ conversation: C, text: "先记一笔" });
  });

  it("says when the view was last the present one", () => {
    vi.setSystemTime(new Date("2026-11-24T02:00:00Z"));
    wire().welcome();
    vi.setSystemTime(new Date("2026-11-24T02:05:00Z"));
    wire().drop();
    expect(desk.freshAt).toBe(Date.parse("2026-11-24T02:00:00Z"));
  });

  it("puts a note where it was written", () => {
    wire().welcome();
    openWith(1, 5);
    wire().say({ type: "line", conversation: C, line: line(null, "2026-11-24T02:00:03Z") });
    expect(desk.lines(C).map((one) => one.text)).toEqual(["line 1", "line note", "line 5"]);
  });

  it("pages back", async () => {
    wire().welcome();
    desk.open(C);
    wire().say({ type: "lines", conversation: C, lines: [line(8), line(9)], seq: 9, has_older: true, draft: "写到一半" });
    expect(desk.hasOlder(C)).toBe(true);
    const paging = desk.older(C);
    expect(wire().last("older")).toMatchObject({ before: 8 });
    wire().say({ type: "ok", id: wire().last("older")?.id });
    wire().say({ type: "lines", conversation: C, lines: [line(7)], seq: 9, has_older: false, draft: "" });
    await paging;
    expect(desk.lines(C).map((one) => one.seq)).toEqual([7, 8, 9]);
    expect(desk.hasOlder(C)).toBe(false);
  });
});
