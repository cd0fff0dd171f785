import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ChatClient } from "./client";
import type { Socket } from "./link";
import { memoryStore, type Store } from "./store";

/** A server end that the test speaks for. */
class Line implements Socket {
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  sent: Record<string, unknown>[] = [];
  isClosed = false;

  send(data: string): void {
    this.sent.push(JSON.parse(data) as Record<string, unknown>);
  }

  close(): void {
    this.isClosed = true;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  welcome(extra: object = {}): void {
    this.say({ type: "welcome", visitor: "token", conversation: "c1", seq: 0, owner: "bot", ...extra });
  }

  fall(): void {
    this.readyState = 3;
    this.onclose?.();
  }

  of(type: string): Record<string, unknown>[] {
    return this.sent.filter((frame) => frame.type === type);
  }
}

let lines: Line[];
let store: Store;

function makeClient(): ChatClient {
  return new ChatClient({
    url: "ws://test/ws/chat",
    store,
    random: () => 0,
    connect: () => {
      const line = new Line();
      lines.push(line);
      return line;
    },
  });
}

function last(): Line {
  const line = lines.at(-1);
  if (!line) throw new Error("no connection was made");
  return line;
}

function connected(): ChatClient {
  const client = makeClient();
  client.start();
  last().open();
  last().welcome();
  return client;
}

const message = (seq: number, from: string, text: string, extra: object = {}): object => ({
  type: "message",
  seq,
  from,
  text,
  at: "2026-11-24T02:00:00Z",
  ...extra,
});

const texts = (client: ChatClient): string[] => client.entries.map((entry) => entry.text);

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  store = memoryStore();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("greeting the server", () => {
  test("a new visitor says hello without a token and keeps the one it gets", () => {
    connected();
    expect(last().sent[0]).toEqual({ type: "hello", visitor: null, after: 0 });
    expect(store.read("visitor")).toBe("token");
  });

  test("a visitor who comes back says who it is and asks for the whole history", () => {
    connected();
    const again = makeClient();
    again.start();
    last().open();
    expect(last().sent[0]).toEqual({ type: "hello", visitor: "token", after: 0 });
  });

  test("a reconnect asks only for what came after the last message, of this conversation", () => {
    const client = connected();
    last().say(message(1, "bot", "您好"));
    last().say(message(2, "bot", "请问"));
    last().fall();
    expect(client.connection).toBe("offline");
    vi.advanceTimersByTime(250);
    last().open();
    expect(last().sent[0]).toEqual({ type: "hello", visitor: "token", after: 2, conversation: "c1" });
  });

  test("identity and page stand in the hello, and a change of them makes a new one", () => {
    const client = makeClient();
    client.setPage({ product: "P1" });
    client.start();
    last().open();
    expect(last().sent[0]).toMatchObject({ page: { product: "P1" } });
    last().welcome();
    client.setIdentity("jwt");
    expect(lines).toHaveLength(2);
    last().open();
    expect(last().sent[0]).toMatchObject({ identity: "jwt", page: { product: "P1" } });
    client.setIdentity("jwt");
    expect(lines).toHaveLength(2);
  });

  test("who signs out on the host page is signed out here, and what was said is not shown to the next", () => {
    const client = connected();
    client.setIdentity("jwt");
    last().open();
    last().welcome();
    last().say(message(1, "customer", "我的私事"));
    client.setIdentity(null);
    last().open();
    expect(last().sent[0]).toMatchObject({ identity: "" });
    last().welcome({ conversation: "c2" });
    expect(client.earlier).toEqual([]);
    expect(texts(client)).toEqual([]);
  });

  test("an identity that is not believed is not sent again, and the host page hears of it", () => {
    const client = makeClient();
    let refused = 0;
    client.events.on("identityRefused", () => (refused += 1));
    client.setIdentity("expired");
    client.start();
    last().open();
    last().welcome();
    last().say({ type: "error", code: "verification_failed", message: "核实没有通过" });
    expect(refused).toBe(1);
    last().fall();
    vi.advanceTimersByTime(250);
    last().open();
    expect(last().sent[0]).not.toHaveProperty("identity");
  });

  test("a server that never welcomes is left and tried again", () => {
    const client = makeClient();
    client.start();
    last().open();
    vi.advanceTimersByTime(8_000);
    expect(lines[0]?.isClosed).toBe(true);
    expect(client.connection).toBe("offline");
    vi.advanceTimersByTime(250);
    expect(lines).toHaveLength(2);
  });
});

describe("sending", () => {
  test("a message goes from sending to sent with the number of its acknowledgement", () => {
    const client = connected();
    client.say("查订单");
    expect(client.entries[0]).toMatchObject({ status: "sending", seq: null });
    const id = last().of("message")[0]?.client_msg_id;
    last().say({ type: "ack", client_msg_id: id, seq: 1 });
    expect(client.entries[0]).toMatchObject({ status: "sent", seq: 1, text: "查订单" });
    expect(store.read("outbox")).toBeUndefined();
  });

  test("what was not acknowledged is sent again after a reconnect under the same id, and shown once", () => {
    const client = connected();
    client.say("查订单");
    const first = last().of("message")[0];
    last().fall();
    vi.advanceTimersByTime(250);
    last().open();
    last().welcome();
    expect(last().of("message")).toEqual([first]);
    last().say({ type: "ack", client_msg_id: first?.client_msg_id, seq: 1 });
    last().say({ type: "ack", client_msg_id: first?.client_msg_id, seq: 1 });
    expect(texts(client)).toEqual(["查订单"]);
  });

  test("messages written offline wait, survive a reload, and leave in order", () => {
    const client = connected();
    last().fall();
    client.say("第一");
    client.say("第二");
    client.stop();
    const reloaded = makeClient();
    expect(texts(reloaded)).toEqual(["第一", "第二"]);
    reloaded.start();
    last().open();
    last().welcome();
    expect(last().of("message").map((frame) => frame.text)).toEqual(["第一", "第二"]);
    expect(texts(reloaded)).toEqual(["第一", "第二"]);
  });

  test("a silent connection is made anew, and after three tries the message has failed", () => {
    const client = connected();
    client.say("在吗");
    for (let round = 0; round < 2; round += 1) {
      vi.advanceTimersByTime(8_000);
      last().open();
      last().welcome();
    }
    expect(lines).toHaveLength(3);
    expect(client.entries[0]?.status).toBe("sending");
    vi.advanceTimersByTime(8_000);
    expect(client.entries[0]?.status).toBe("failed");
    const id = String(client.entries[0]?.clientMsgId);
    client.retry(id);
    expect(client.entries[0]?.status).toBe("sending");
    expect(last().of("message").map((frame) => frame.client_msg_id)).toEqual([id, id]);
  });

  test("a refused message fails with the reason for people and is not sent again", () => {
    const client = connected();
    client.say("太长");
    const id = last().of("message")[0]?.client_msg_id;
    last().say({ type: "error", code: "message_too_long", message: "消息超过 1000 字", client_msg_id: id });
    expect(client.entries[0]).toMatchObject({ status: "failed", reason: "消息超过 1000 字" });
    vi.advanceTimersByTime(60_000);
    expect(last().of("message")).toHaveLength(1);
    client.discard(String(id));
    expect(client.entries).toEqual([]);
    expect(store.read("outbox")).toBeUndefined();
  });

  test("a message that came too fast is sent again a little later by itself", () => {
    const client = connected();
    client.say("快");
    const id = last().of("message")[0]?.client_msg_id;
    last().say({ type: "error", code: "too_many_requests", message: "太快了", client_msg_id: id });
    expect(client.entries[0]?.status).toBe("sending");
    vi.advanceTimersByTime(3_000);
    expect(last().of("message")).toHaveLength(2);
  });

  test("an error of no message is told to whoever listens", () => {
    const client = connected();
    const heard: string[] = [];
    client.events.on("notice", (text) => heard.push(text));
    last().say({ type: "error", code: "conflict", message: "请稍后再试。" });
    expect(heard).toEqual(["请稍后再试。"]);
  });
});

describe("receiving", () => {
  test("messages stand in the server's order, each once, whatever order they arrive in", () => {
    const client = connected();
    for (const seq of [2, 1, 3, 2]) last().say(message(seq, "bot", `第${seq}条`));
    expect(texts(client)).toEqual(["第1条", "第2条", "第3条"]);
  });

  test("the echo before the acknowledgement and the acknowledgement before the echo give one line", () => {
    const client = connected();
    client.say("一");
    client.say("二");
    const [one, two] = last().of("message").map((frame) => frame.client_msg_id);
    last().say(message(1, "customer", "一", { client_msg_id: one }));
    last().say({ type: "ack", client_msg_id: one, seq: 1 });
    last().say({ type: "ack", client_msg_id: two, seq: 2 });
    last().say(message(2, "customer", "二", { client_msg_id: two }));
    expect(client.entries.map((entry) => [entry.seq, entry.text])).toEqual([
      [1, "一"],
      [2, "二"],
    ]);
  });

  test("a line keeps its key from sending to sent, so that it is not drawn twice", () => {
    const client = connected();
    client.say("一");
    const key = client.entries[0]?.key;
    last().say({ type: "ack", client_msg_id: client.entries[0]?.clientMsgId, seq: 1 });
    expect(client.entries[0]?.key).toBe(key);
  });

  test("a number left out is asked for once; a hole that stays does not reconnect for ever", () => {
    const client = connected();
    last().say(message(1, "bot", "一"));
    last().say(message(3, "bot", "三"));
    vi.advanceTimersByTime(2_500);
    expect(lines).toHaveLength(2);
    last().open();
    expect(last().sent[0]).toMatchObject({ after: 1 });
    last().welcome({ seq: 3 });
    last().say(message(3, "bot", "三"));
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(2);
    expect(texts(client)).toEqual(["一", "三"]);
  });

  test("history is not news, what comes after it is", () => {
    const client = makeClient();
    const news: string[] = [];
    client.events.on("message", (entry) => news.push(entry.text));
    client.start();
    last().open();
    last().welcome({ seq: 1 });
    last().say(message(1, "bot", "旧"));
    expect(client.hasHistory).toBe(true);
    last().say(message(2, "agent", "新", { agent: { name: "李敏" } }));
    expect(news).toEqual(["新"]);
    expect(client.entries[1]?.agentName).toBe("李敏");
  });

  test("what is not a frame is passed over", () => {
    const client = connected();
    for (const data of ["{", "[]", "null", '"x"', '{"type":"message","seq":"1"}', '{"type":"news"}']) {
      last().onmessage?.({ data });
    }
    last().onmessage?.({ data: new ArrayBuffer(2) });
    expect(client.entries).toEqual([]);
    expect(client.connection).toBe("online");
  });

  test("typing dots go when the answer comes, or when it does not come for long", () => {
    const client = connected();
    last().say({ type: "typing", from: "bot" });
    expect(client.typing).toBe("bot");
    last().say(message(1, "bot", "答"));
    expect(client.typing).toBeNull();
    last().say({ type: "typing", from: "agent" });
    vi.advanceTimersByTime(6_000);
    expect(client.typing).toBeNull();
  });
});

describe("buttons", () => {
  const asking = message(1, "bot", "哪方面?", { buttons: [{ title: "质量", payload: "/a" }] });

  test("a pressed button sends the payload that was issued, shows its title and is used", () => {
    const client = connected();
    last().say(asking);
    const entry = client.entries[0];
    if (!entry?.buttons[0]) throw new Error("no button");
    client.press(entry, entry.buttons[0]);
    expect(last().of("button")[0]).toMatchObject({ payload: "/a" });
    expect(texts(client)).toEqual(["哪方面?", "质量"]);
    expect(entry.areButtonsUsed).toBe(true);
  });

  test("a button whose press was refused can be pressed again", () => {
    const client = connected();
    last().say(asking);
    const entry = client.entries[0];
    if (!entry?.buttons[0]) throw new Error("no button");
    client.press(entry, entry.buttons[0]);
    const id = last().of("button")[0]?.client_msg_id;
    last().say({ type: "error", code: "unknown_button", message: "已失效", client_msg_id: id });
    expect(entry.areButtonsUsed).toBe(false);
  });

  test("used buttons stay used after a reload, told by the server or still in the outbox", () => {
    const client = connected();
    last().say(asking);
    const entry = client.entries[0];
    if (!entry?.buttons[0]) throw new Error("no button");
    last().fall();
    client.press(entry, entry.buttons[0]);
    client.stop();
    const reloaded = makeClient();
    reloaded.start();
    last().open();
    last().welcome({ seq: 1 });
    last().say(asking);
    expect(reloaded.entries[0]?.areButtonsUsed).toBe(true);
    last().say(message(2, "bot", "b", { buttons: [{ title: "t", payload: "/t" }], buttons_used: true }));
    expect(reloaded.entries.find((other) => other.seq === 2)?.areButtonsUsed).toBe(true);
  });
});

describe("who speaks", () => {
  test("a wish for a person made offline is told when the connection is back", () => {
    const client = connected();
    last().fall();
    client.requestHuman();
    vi.advanceTimersByTime(250);
    last().open();
    last().welcome();
    expect(last().of("request_human")).toHaveLength(1);
    last().say({ type: "owner", owner: "queued", position: 2, wait_s: 90 });
    expect([client.owner, client.position, client.waitSeconds]).toEqual(["queued", 2, 90]);
    client.cancelRequest();
    expect(last().of("cancel_request")).toHaveLength(1);
    last().say({ type: "owner", owner: "bot" });
    expect([client.owner, client.position]).toEqual(["bot", null]);
  });

  test("the customer's typing is told only to a person, every few seconds at most", () => {
    const client = connected();
    client.tellTyping();
    expect(last().of("typing")).toHaveLength(0);
    last().say({ type: "owner", owner: "human" });
    client.tellTyping();
    client.tellTyping();
    expect(last().of("typing")).toHaveLength(1);
    vi.advanceTimersByTime(3_000);
    client.tellTyping();
    expect(last().of("typing")).toHaveLength(2);
  });

  test("after the end a restart begins a new conversation and keeps the old one to read", () => {
    const client = connected();
    last().say(message(1, "bot", "再见"));
    last().say({ type: "owner", owner: "closed" });
    client.restart();
    expect(client.owner).toBe("bot");
    last().open();
    expect(last().sent[0]).toEqual({ type: "hello", visitor: "token", after: 0 });
    last().welcome({ conversation: "c2" });
    last().say(message(1, "bot", "您好"));
    expect(client.earlier.map((entry) => entry.text)).toEqual(["再见"]);
    expect(texts(client)).toEqual(["您好"]);
  });

  test("who signs in on the host page next does not read what the former person wrote", () => {
    const client = connected();
    last().say(message(1, "customer", "我的私事"));
    client.setIdentity("token-of-somebody-else");
    last().open();
    last().welcome({ conversation: "c2" });
    last().say(message(1, "bot", "您好"));
    expect(client.earlier).toEqual([]);
    expect(texts(client)).toEqual(["您好"]);
  });

  test("a message to a conversation that was closed meanwhile moves on with the server to the next one", () => {
    const client = connected();
    last().say(message(1, "bot", "旧"));
    client.say("还在吗");
    const id = last().of("message")[0]?.client_msg_id;
    last().welcome({ conversation: "c2", seq: 0 });
    last().say({ type: "ack", client_msg_id: id, seq: 1 });
    expect(lines).toHaveLength(1);
    expect(client.entries.map((entry) => [entry.seq, entry.text, entry.status])).toEqual([[1, "还在吗", "sent"]]);
  });

  test("a reconnect that finds another conversation asks again from its start", () => {
    const client = connected();
    last().say(message(1, "bot", "旧"));
    last().fall();
    vi.advanceTimersByTime(250);
    last().open();
    last().welcome({ conversation: "c2", seq: 2 });
    last().open();
    expect(last().sent[0]).toMatchObject({ after: 0, conversation: "c2" });
    last().welcome({ conversation: "c2", seq: 2 });
    last().say(message(1, "bot", "新一"));
    last().say(message(2, "bot", "新二"));
    expect(texts(client)).toEqual(["新一", "新二"]);
  });
});

describe("coming back", () => {
  test("waiting times grow, and the network's return ends them at once", () => {
    const client = connected();
    const times: number[] = [];
    for (let attempt = 0; attempt < 7; attempt += 1) {
      last().fall();
      const before = lines.length;
      let waited = 0;
      while (lines.length === before) {
        vi.advanceTimersByTime(50);
        waited += 50;
      }
      times.push(waited);
    }
    expect(times).toEqual([250, 500, 1_000, 2_000, 4_000, 7_500, 7_500]);
    last().fall();
    const before = lines.length;
    client.wake();
    expect(lines).toHaveLength(before + 1);
  });

  test("a client that was stopped stays stopped", () => {
    const client = connected();
    client.stop();
    vi.advanceTimersByTime(60_000);
    client.wake();
    expect(lines).toHaveLength(1);
    expect(client.connection).toBe("idle");
  });
});
