import type { EChartsCoreOption } from "../parts/drawing";
import { axis, frame, type Ink } from "../parts/palette";
import { texts } from "../texts";
import type { ChartDay } from "./types";

const words = texts.alarm;

/** Complaints a day, what is usual, and the limit of the single day; days over a limit are marked. */
export function surgeChart(days: readonly ChartDay[], ink: Ink): EChartsCoreOption {
  return {
    ...frame(ink),
    xAxis: { type: "category", data: days.map((one) => one.day.slice(5)), ...axis(ink), splitLine: { show: false } },
    yAxis: { type: "value", min: 0, ...axis(ink) },
    series: [
      {
        type: "bar",
        name: words.count,
        data: days.map((one) => ({ value: one.count, itemStyle: { color: one.over.length ? ink.orange : ink.blue } })),
        itemStyle: { color: ink.blue },
      },
      { type: "line", name: words.baseline, symbol: "none", data: days.map((one) => one.baseline), lineStyle: { color: ink.green, width: 2 }, itemStyle: { color: ink.green } },
      {
        type: "line",
        name: words.limit,
        step: "middle",
        symbol: "none",
        data: days.map((one) => one.day_limit),
        lineStyle: { color: ink.muted, type: "dashed", width: 1 },
        itemStyle: { color: ink.muted },
      },
    ],
  };
}
