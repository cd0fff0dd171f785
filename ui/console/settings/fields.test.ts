import { describe, expect, it } from "vitest";
import { areTimes, skillsOf, weekOf } from "./fields";

describe("fields of the settings", () => {
  it("reads skills however they are separated, each once", () => {
    expect(skillsOf("售后、物流，发票,售后  英语;")).toEqual(["售后", "物流", "发票", "英语"]);
    expect(skillsOf("  ")).toEqual([]);
  });

  it("takes 9:00 and the Chinese colon for times, and nothing else", () => {
    expect(areTimes([{ opens: "9:00", closes: "24：00" }])).toBe(true);
    expect(areTimes([{ opens: "9点", closes: "18:00" }])).toBe(false);
    expect(areTimes([{ opens: "9:00", closes: "" }])).toBe(false);
    expect(areTimes([])).toBe(true);
  });

  it("has all seven days, and changing it leaves what was read alone", () => {
    const read = { "0": [{ opens: "9:00", closes: "12:00" }] };
    const week = weekOf(read);
    expect(week).toHaveLength(7);
    const first = week[0]?.[0];
    if (first) first.opens = "8:00";
    expect(read["0"][0]?.opens).toBe("9:00");
  });
});
