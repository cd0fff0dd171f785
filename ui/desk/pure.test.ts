import { describe, expect, it } from "vitest";
import type { Item } from "../shared/staff/desk-protocol";
import { due, listTime, span, ticking } from "../shared/staff/spans";
import { deedOf, sends } from "./keys";
import { matches, neighbour, ordered } from "./lists";

const NOW = Date.parse("2026-11-24T02:00:00Z");
const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

function item(conversation: string, more: Partial<Item> = {}): Item {
  return {
    conversation,
    owner: "human",
    agent: null,
    mine: true,
    customer: { id: null, name: null, tier: null, tier_label: null, verified_by: null },
    last: null,
    unread: 0,
    waiting_since: null,
    position: null,
    reason: null,
    reason_label: null,
    grade: null,
    emotion: null,
    topic: null,
    topic_label: null,
    due_at: null,
    overdue: false,
    snoozed_until: null,
    skill: null,
    channel: "web",
    opened_at: ago(60),
    seq: 1,
    ...more,
  };
}

const said = (from: "customer" | "agent", minutes: number) => ({ text: "…", from, at: ago(minutes) });
const names = (items: Item[]): string[] => items.map((one) => one.conversation);

describe("the lists", () => {
  it("shows what is overdue first, then who waits for an answer, longest first, then the rest, snoozed last", () => {
    const items = [
      item("snoozed", { snoozed_until: new Date(NOW + 60_000).toISOString(), last: said("customer", 90) }),
      item("answered", { last: said("agent", 1) }),
      item("waits 2", { last: said("customer", 2) }),
      item("waits 9", { last: said("customer", 9) }),
      item("overdue", { overdue: true, last: said("customer", 3) }),
    ];
    expect(names(ordered(items, "mine", NOW))).toEqual(["overdue", "waits 9", "waits 2", "answered", "snoozed"]);
  });

  it("keeps the queue's own order", () => {
    const items = [
      item("second", { owner: "queued", mine: false, position: 2, waiting_since: ago(50) }),
      item("first", { owner: "queued", mine: false, position: 1, waiting_since: ago(5) }),
    ];
    expect(names(ordered(items, "waiting", NOW))).toEqual(["first", "second"]);
  });

  it("finds by name, words, topic and holder", () => {
    const one = item("a", { customer: { id: null, name: "李*", tier: null, tier_label: null, verified_by: null }, topic_label: "查物流" });
    expect(["李", "物流", " "].every((search) => matches(one, search))).toBe(true);
    expect(matches(one, "王")).toBe(false);
  });

  it("stays at its ends", () => {
    const items = [item("a"), item("b")];
    expect(neighbour(items, null, 1)).toBe("a");
    expect(neighbour(items, "b", 1)).toBe("b");
    expect(neighbour(items, "b", -1)).toBe("a");
    expect(neighbour([], "b", 1)).toBeNull();
  });
});

const press = (key: string, more: object = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  isComposing: false,
  keyCode: 0,
  ...more,
});

describe("the keys", () => {
  it("do nothing while somebody types, but Ctrl+K does", () => {
    for (const key of ["j", "k", "r", "n", "t", "e", "/", "?", "Enter"]) expect(deedOf(press(key), true)).toBeNull();
    expect(deedOf(press("k", { ctrlKey: true }), true)).toBe("commands");
  });

  it("do nothing while an input method is composing, Ctrl+K and Escape included", () => {
    for (const more of [{ isComposing: true }, { keyCode: 229 }]) {
      expect(deedOf(press("j", more), false)).toBeNull();
      expect(deedOf(press("k", { ctrlKey: true, ...more }), true)).toBeNull();
      expect(deedOf(press("Escape", more), true)).toBeNull();
    }
  });

  it("leave the browser its own, and a button its Enter", () => {
    expect(deedOf(press("r", { ctrlKey: true }), false)).toBeNull();
    expect(deedOf(press("Enter"), false, true)).toBeNull();
    expect(deedOf(press("Enter"), false)).toBe("open");
  });

  it("send with Enter alone, never with the one that takes an input method's word", () => {
    expect(sends(press("Enter"), false)).toBe(true);
    expect(sends(press("Enter", { shiftKey: true }), false)).toBe(false);
    expect(sends(press("Enter", { isComposing: true }), false)).toBe(false);
    expect(sends(press("Enter", { keyCode: 229 }), false)).toBe(false);
    expect(sends(press("Enter"), true)).toBe(false);
  });
});

describe("times", () => {
  it("tick when it matters", () => {
    expect(due(NOW + 5 * 60_000, NOW)).toEqual({ text: "剩 05:00", tone: "danger" });
    expect(due(NOW + 30 * 60_000, NOW)).toEqual({ text: "剩 30:00", tone: "wait" });
    expect(due(NOW + 26 * 3_600_000, NOW)).toEqual({ text: "剩 1 天 2 小时", tone: "quiet" });
    expect(due(NOW - 61_000, NOW)).toEqual({ text: "超时 01:01", tone: "danger" });
    expect(due(NOW - 3 * 3_600_000, NOW)).toEqual({ text: "超时 3 小时", tone: "danger" });
  });

  it("read as people say them", () => {
    expect([span(45_000), span(12 * 60_000), span(200 * 60_000)]).toEqual(["45 秒", "12 分", "3 小时 20 分"]);
    expect(ticking(3_723_000)).toBe("1:02:03");
    expect(listTime(NOW, NOW)).toBe("10:00");
    expect(listTime(NOW - 86_400_000, NOW)).toBe("昨天 10:00");
    expect(listTime(NOW - 3 * 86_400_000, NOW)).toBe("11-21 10:00");
  });
});
