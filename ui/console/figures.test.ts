import { describe, expect, it } from "vitest";
import { shown } from "./figures";

describe("a figure as it is read", () => {
  it("shows seconds up to an hour, and from then on minutes", () => {
    expect([0.4, 59.6, 60, 135.2, 3599.7, 7_260].map((value) => shown(value, "seconds"))).toEqual([
      "0 秒", "1 分", "1 分", "2 分 15 秒", "1 小时", "2 小时 1 分",
    ]);
  });

  it("cuts what is counted per thousand to one place", () => {
    expect([244.98, 314.692, 1_204].map((value) => shown(value, "rate"))).toEqual(["245", "314.7", "1,204"]);
  });

  it("has a sign for what is not known", () => {
    expect(shown(null, "share")).toBe("—");
  });
});
