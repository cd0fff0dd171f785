import { describe, expect, it } from "vitest";
import type { Figure } from "../types";
import { grouped } from "./groups";

const figure = (key: string): Figure => ({
  key, label: key, value: 1, unit: "count", unit_label: "次", n: 1, low: null, high: null, method: null, note: null, definition: null, link: null,
});

describe("the service's figures", () => {
  it("stand by what they are about, in the page's order, and bot and people apart", () => {
    const found = grouped(["frt_bot", "asa", "frt_human", "service_level"].map(figure));
    expect(found.map((one) => one.figures.map((two) => two.key))).toEqual([["service_level", "asa"], ["frt_human"], ["frt_bot"]]);
  });

  it("lose none that is new", () => {
    const found = grouped([figure("asa"), figure("something_new")]);
    expect(found.map((one) => one.label)).toEqual(["接通人工", "其他"]);
  });
});
