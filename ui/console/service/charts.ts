import type { EChartsCoreOption } from "../parts/drawing";
import { axis, frame, type Ink } from "../parts/palette";
import { serviceTexts as words } from "../texts-service";
import type { Day } from "./types";

const category = (days: readonly Day[], ink: Ink): object => ({
  type: "category",
  data: days.map((one) => one.day.slice(5)),
  ...axis(ink),
  splitLine: { show: false },
});
const bar = (name: string, color: string, data: readonly number[]): object => ({
  type: "bar",
  name,
  barMaxWidth: 18,
  itemStyle: { color, borderRadius: [3, 3, 0, 0] },
  data,
});
const counts = (ink: Ink): object => ({ type: "value", min: 0, minInterval: 1, ...axis(ink) });

/** Wishes for a person and those that were given up, as bars; the share answered in time as a line on the right. */
export function levelChart(days: readonly Day[], ink: Ink): EChartsCoreOption {
  return {
    ...frame(ink),
    xAxis: category(days, ink),
    yAxis: [
      counts(ink),
      { type: "value", min: 0, max: 100, ...axis(ink), axisLabel: { color: ink.muted, formatter: "{value}%" }, splitLine: { show: false } },
    ],
    series: [
      bar(words.level.offered, ink.blue, days.map((one) => one.offered)),
      bar(words.level.abandoned, ink.orange, days.map((one) => one.abandoned)),
      {
        type: "line",
        name: words.level.name,
        yAxisIndex: 1,
        symbolSize: 6,
        lineStyle: { color: ink.green, width: 2 },
        itemStyle: { color: ink.green },
        tooltip: { valueFormatter: (value: number | null) => (value === null ? "—" : `${value}%`) },
        data: days.map((one) => (one.service_level === null ? null : Number((one.service_level * 100).toFixed(1)))),
      },
    ],
  };
}

/** What the bot took up, and what of it customers confirmed as solved. */
export function containedChart(days: readonly Day[], ink: Ink): EChartsCoreOption {
  return {
    ...frame(ink),
    xAxis: category(days, ink),
    yAxis: counts(ink),
    series: [
      bar(words.contained.sessions, ink.blue, days.map((one) => one.bot_sessions)),
      bar(words.contained.name, ink.green, days.map((one) => one.contained)),
    ],
  };
}

/** Contacts as bars, complaints as a line on an axis of their own: they are far fewer. */
export function recentChart(days: readonly Day[], ink: Ink): EChartsCoreOption {
  return {
    ...frame(ink),
    xAxis: category(days, ink),
    yAxis: [
      { ...counts(ink), name: words.recent.contacts, nameTextStyle: { color: ink.muted } },
      { ...counts(ink), name: words.recent.complaints, nameTextStyle: { color: ink.muted }, splitLine: { show: false } },
    ],
    grid: { left: 8, right: 16, top: 48, bottom: 4, containLabel: true },
    series: [
      bar(words.recent.contacts, ink.blue, days.map((one) => one.contacts)),
      {
        type: "line",
        name: words.recent.complaints,
        yAxisIndex: 1,
        symbolSize: 6,
        lineStyle: { color: ink.orange, width: 2 },
        itemStyle: { color: ink.orange },
        data: days.map((one) => one.complaints),
      },
    ],
  };
}
