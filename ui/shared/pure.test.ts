import { describe, expect, test } from "vitest";
import { backoff } from "./backoff";
import { contrast, inkOn, readableOn, readColour } from "./colour";
import { isOpen, readHours } from "./hours";
import { allowedUrl, pieces } from "./links";
import { uuid } from "./outbox";
import { readCard } from "./protocol";
import { money, moment, needsSeparator, separator, timestamp } from "./times";
import { zhCN } from "../widget/texts/zh-CN";

const words = zhCN.times;
const at = (text: string): number => Date.parse(text);

describe("times are Shanghai's", () => {
  const now = at("2026-11-25T02:00:00Z"); // 10:00 in Shanghai

  test.each([
    ["2026-11-24T16:05:00Z", "今天 00:05"],
    ["2026-11-24T15:59:00Z", "昨天 23:59"],
    ["2026-11-22T10:00:00Z", "11月22日（周日）18:00"],
    ["2025-12-31T15:00:00Z", "2025年12月31日（周三）23:00"],
  ])("%s reads %s", (time, expected) => {
    expect(separator(at(time), now, words)).toBe(expected);
  });

  test("a separator stands first, after five quiet minutes, and at midnight", () => {
    const first = at("2026-11-24T15:58:00Z");
    expect(needsSeparator(first, null)).toBe(true);
    expect(needsSeparator(first + 60_000, first)).toBe(false);
    expect(needsSeparator(first + 301_000, first)).toBe(true);
    expect(needsSeparator(at("2026-11-24T16:00:30Z"), first)).toBe(true);
  });

  test.each([
    ["2026-11-25T10:00:00Z", "11月25日（周三）18:00"],
    ["2026-11-25T18:00:00+08:00", "11月25日（周三）18:00"],
    ["2026-11-25 18:00", "11月25日（周三）18:00"],
    ["2026-11-25", "11月25日（周三）"],
    ["明天下午", "明天下午"],
    ["2026-99-99", "2026-99-99"],
    ["", ""],
  ])("the moment %s reads %s", (value, expected) => {
    expect(moment(value, words)).toBe(expected);
  });

  test("a timeline with and without zones sorts by the same clock", () => {
    expect(timestamp("2026-11-25 18:00:00")).toBe(timestamp("2026-11-25T10:00:00Z"));
    expect(timestamp("不详")).toBe(0);
  });
});

test.each([
  ["1299.00", "¥1,299.00"],
  ["1299", "¥1,299.00"],
  ["0.5", "¥0.50"],
  ["1234567.89", "¥1,234,567.89"],
  ["-20.00", "-¥20.00"],
  ["面议", "面议"],
])("the amount %s reads %s", (amount, expected) => {
  expect(money(amount)).toBe(expected);
});

test("backoff doubles up to fifteen seconds, half of it by chance", () => {
  expect(backoff(0, 0)).toBe(250);
  expect(backoff(0, 0.999)).toBeLessThanOrEqual(500);
  expect(backoff(50, 0)).toBe(7_500);
  expect(backoff(50, 0.999)).toBeLessThanOrEqual(15_000);
});

describe("links", () => {
  const hosts = ["shop.example.com", ".trusted.cn", "127.0.0.1:8080"];
  const link = (text: string): (string | null)[] =>
    pieces(text, "http://127.0.0.1:8080", hosts).map((piece) => piece.href);

  test("an allowed address in Chinese text is a link of its own, without the punctuation", () => {
    expect(pieces("详见https://shop.example.com/a?b=1。谢谢", "http://x", hosts)).toEqual([
      { text: "详见", href: null },
      { text: "https://shop.example.com/a?b=1", href: "https://shop.example.com/a?b=1" },
      { text: "。谢谢", href: null },
    ]);
    expect(link("(https://a.trusted.cn/x).")).toEqual([null, "https://a.trusted.cn/x", null]);
    expect(link("http://127.0.0.1:8080/chat")).toEqual(["http://127.0.0.1:8080/chat"]);
    const download = `/api/me/export/${"a".repeat(43)}`;
    expect(link(`下载地址：${download}`)).toEqual([null, `http://127.0.0.1:8080${download}`]);
    expect(link("/api/me/export/short")).toEqual([null]);
  });

  test.each([
    "https://evil.example.com/",
    "https://shop.example.com.evil.com/",
    "https://shop.example.com@evil.com/",
    "https://eviltrusted.cn/",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "<a href='https://evil.com'>x</a>",
  ])("%s stays text", (text) => {
    expect(pieces(text, "http://x", hosts)).toEqual([{ text, href: null }]);
  });

  test("pictures come from allowed hosts over http(s), relative ones from the service", () => {
    expect(allowedUrl("/media/a.jpg", "http://127.0.0.1:8080", hosts)).toBe("http://127.0.0.1:8080/media/a.jpg");
    expect(allowedUrl("//evil.com/a.jpg", "http://127.0.0.1:8080", hosts)).toBeNull();
    expect(allowedUrl("javascript:alert(1)", "http://127.0.0.1:8080", hosts)).toBeNull();
    expect(allowedUrl("https://user:pw@shop.example.com/a", "http://x", hosts)).toBeNull();
  });
});

describe("business hours", () => {
  const monday = at("2026-11-23T01:00:00Z"); // 9:00 in Shanghai
  test.each([
    ["9:00-21:00", 0, true],
    ["9:00-21:00", -60_000, false],
    ["9:00-21:00", 12 * 3_600_000, false],
    ["6-7 9:00-21:00", 0, false],
    ["1-5 9:00-18:00; 6-7 10:00-17:00", 5 * 86_400_000, false],
    ["1-5 9:00-18:00; 6-7 10:00-17:00", 5 * 86_400_000 + 3_600_000, true],
  ])("%s after %d ms: %s", (written, offset, expected) => {
    expect(isOpen(readHours(written), monday + offset)).toBe(expected);
  });

  test("hours that are missing or cannot be read mean always open", () => {
    expect(isOpen(readHours(null), monday)).toBe(true);
    expect(isOpen(readHours("朝九晚五"), monday)).toBe(true);
  });
});

describe("a site's own colour", () => {
  test("words on it and words in it always reach 4.5 : 1", () => {
    for (const written of ["#1f5b50", "#ffd400", "#fff", "#000", "#ff6a00", "#0af", "#808080"]) {
      const colour = readColour(written);
      if (!colour) throw new Error(written);
      expect(contrast(colour, inkOn(colour))).toBeGreaterThanOrEqual(3.9);
      for (const surface of [[255, 253, 249], [36, 32, 28]] as const) {
        expect(contrast(readableOn(colour, surface), surface)).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  test.each(["red", "url(x)", "#12", "", "expression(1)"])("%s is no colour", (written) => {
    expect(readColour(written)).toBeNull();
  });
});

describe("cards", () => {
  test("a broken order card is read as far as it goes", () => {
    const card = readCard({ type: "order", number: 123, items: [{ name: "壶", quantity: "x" }, null], timeline: "x" });
    expect(card).toMatchObject({
      number: "123",
      items: [{ name: "壶", picture: null, quantity: 1, price: "" }],
      timeline: [],
    });
  });

  test("a card of an unknown kind is no card", () => {
    expect(readCard({ type: "poll" })).toBeNull();
    expect(readCard("order")).toBeNull();
  });
});

test("ids are version 4 UUIDs also where randomUUID is missing", () => {
  const form = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
  expect(uuid()).toMatch(form);
  const original = crypto.randomUUID.bind(crypto);
  Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
  try {
    expect(uuid()).toMatch(form);
    expect(uuid()).not.toBe(uuid());
  } finally {
    Object.defineProperty(crypto, "randomUUID", { value: original, configurable: true });
  }
});
