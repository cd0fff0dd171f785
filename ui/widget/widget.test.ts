import { expect, test, vi } from "vitest";
import { characters, sends } from "./composer";
import { readSettings, socketUrl } from "./settings";
import { textsFor } from "./texts";
import { en } from "./texts/en";
import { zhCN } from "./texts/zh-CN";

const pressed = { key: "Enter", shiftKey: false, isComposing: false, keyCode: 13 };

test.each([
  ["Enter", {}, true],
  ["Shift+Enter", { shiftKey: true }, false],
  ["Enter while composing", { isComposing: true }, false],
  ["Enter with which Safari ends a composition", { keyCode: 229 }, false],
  ["a letter", { key: "a", keyCode: 65 }, false],
])("%s", (_, more, expected) => {
  expect(sends({ ...pressed, ...more })).toBe(expected);
});

test("an emoji counts as the server counts it", () => {
  expect(characters("好👍")).toBe(2);
});

test("settings are read, and nonsense falls back to the usual", () => {
  vi.stubGlobal("location", { href: "https://shop.example.com/p" });
  const written: Record<string, string> = {
    site: " demo ",
    position: "left",
    colour: "#ff6a00",
    theme: "pink",
    hours: "9:00-18:00",
    "link-hosts": "a.com, .b.com",
    privacy: "javascript:alert(1)",
  };
  const settings = readSettings((name) => written[name] ?? null, "corner", "https://care.example.com");
  expect(settings).toMatchObject({
    site: "demo",
    position: "left",
    colour: [255, 106, 0],
    theme: "auto",
    hoursText: "9:00-18:00",
    linkHosts: ["a.com", ".b.com"],
    privacy: "https://care.example.com/privacy",
  });
  written.privacy = "/my-privacy";
  expect(readSettings((name) => written[name] ?? null, "corner", "https://care.example.com").privacy).toBe(
    "https://shop.example.com/my-privacy",
  );
  vi.unstubAllGlobals();
});

test("the socket stands where the service stands, as safe as it", () => {
  expect(socketUrl("http://127.0.0.1:8080")).toBe("ws://127.0.0.1:8080/ws/chat");
  expect(socketUrl("https://care.example.com")).toBe("wss://care.example.com/ws/chat");
});

test("a locale without a file is Chinese", () => {
  expect(textsFor("en-US")).toBe(en);
  expect(textsFor("fr")).toBe(zhCN);
  expect(textsFor(null)).toBe(zhCN);
});

test("Chinese texts carry Chinese punctuation", () => {
  const all = JSON.stringify(zhCN, (_, value: unknown) =>
    typeof value === "function" ? String((value as (...args: unknown[]) => unknown)("9", "9")) : value,
  );
  expect(all.match(/[\u4e00-\u9fff][,;:?!()]/g)).toBeNull();
});
