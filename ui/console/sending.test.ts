import { describe, expect, it } from "vitest";
import { Refusal } from "../shared/staff/api";
import { useSending } from "./sending";

describe("a form on its way", () => {
  it("puts the service's words at the fields that it shows and the rest below it", async () => {
    const { send, fields, problem } = useSending(["name"]);
    const fails = (): Promise<void> => Promise.reject(new Refusal("invalid_input", "内容有误。", { name: "请填写姓名。", week: "时间重叠。" }, 400));
    expect(await send(fails)).toBe(false);
    expect(fields.value).toEqual({ name: "请填写姓名。" });
    expect(problem.value).toBe("时间重叠。");
  });

  it("shows the whole refusal when no field is named, and forgets it at the next try", async () => {
    const { send, problem, isBusy } = useSending();
    expect(await send(() => Promise.reject(new Refusal("conflict", "至少要保留一位可用的管理员。")))).toBe(false);
    expect(problem.value).toBe("至少要保留一位可用的管理员。");
    expect(await send(() => Promise.resolve())).toBe(true);
    expect([problem.value, isBusy.value]).toEqual(["", false]);
  });

  it("is sent once, however often the button is pressed", async () => {
    const { send } = useSending();
    let times = 0;
    async function slow(): Promise<void> {
      await new Promise((done) => setTimeout(done, 5));
      times += 1;
    }
    expect(await Promise.all([send(slow), send(slow)])).toEqual([true, false]);
    expect(times).toBe(1);
  });
});
