import { shown } from "../figures";
import { texts } from "../texts";
import type { EChartsCoreOption } from "../parts/drawing";
import { axis, frame, type Ink } from "../parts/palette";
import type { Gap, Trend } from "../types";

const words = texts.satisfaction;

/** A control chart by weeks: the value, its centre, limits that widen where n is small, and what lies outside them. */
export function trendChart(trend: Trend, ink: Ink): EChartsCoreOption {
  const scale = trend.unit === "share" ? 100 : 1;
  const scaled = (value: number | null): number | null => (value === null ? null : Number((value * scale).toFixed(3)));
  const known = trend.points.flatMap((one) => [one.value, one.low_limit, one.high_limit]).filter((one) => one !== null);
  const low = Math.min(...known) * scale;
  const high = Math.max(...known) * scale;
  const room = (high - low) * 0.1 || 1;
  const limit = { type: "line", step: "middle", symbol: "none", lineStyle: { type: "dashed", width: 1, color: ink.muted }, itemStyle: { color: ink.muted } };
  return {
    ...frame(ink),
    tooltip: {
      ...frame(ink).tooltip,
      formatter: (points: { dataIndex: number }[]) => {
        const point = trend.points[points[0]?.dataIndex ?? -1];
        if (!point) return "";
        return [
          `${point.week} – ${point.until}${point.is_partial ? words.partial : ""}`,
          `${trend.label} ${shown(point.value, trend.unit)}（n=${point.n}）`,
          `${words.limits} ${shown(point.low_limit, trend.unit)} – ${shown(point.high_limit, trend.unit)}`,
        ].join("\n");
      },
    },
    xAxis: { type: "category", data: trend.points.map((one) => one.week.slice(5)), ...axis(ink), splitLine: { show: false } },
    yAxis: {
      type: "value",
      min: scale === 100 ? Math.max(0, Math.floor(low - room)) : Math.floor(low - room),
      max: scale === 100 ? Math.min(100, Math.ceil(high + room)) : Math.ceil(high + room),
      ...axis(ink),
    },
    series: [
      {
        type: "line",
        name: trend.label,
        data: trend.points.map((one) => ({
          value: scaled(one.value),
          symbol: one.is_outside ? "diamond" : "circle",
          symbolSize: one.is_outside ? 13 : 7,
          itemStyle: { color: one.is_outside ? ink.orange : ink.blue, opacity: one.is_partial ? 0.5 : 1 },
        })),
        lineStyle: { color: ink.blue, width: 2 },
        itemStyle: { color: ink.blue },
        ...(trend.centre === null
          ? {}
          : {
              markLine: {
                silent: true,
                symbol: "none",
                label: { color: ink.muted, formatter: words.centre, position: "insideEndTop" },
                lineStyle: { color: ink.green, type: "solid" },
                data: [{ yAxis: scaled(trend.centre) }],
              },
            }),
      },
      { ...limit, name: words.limits, data: trend.points.map((one) => scaled(one.high_limit)) },
      { ...limit, name: words.limits, data: trend.points.map((one) => scaled(one.low_limit)) },
    ],
  };
}

/** Expectation and perception side by side, 1–7. */
export function gapChart(gaps: readonly Gap[], ink: Ink): EChartsCoreOption {
  const bar = (name: string, color: string, of: (gap: Gap) => number | null): object => ({
    type: "bar",
    name,
    barMaxWidth: 14,
    itemStyle: { color, borderRadius: [0, 3, 3, 0] },
    label: { show: true, position: "right", color: ink.muted, formatter: (one: { value: number | null }) => shown(one.value, "score") },
    data: gaps.map(of),
  });
  return {
    ...frame(ink),
    grid: { left: 8, right: 40, top: 34, bottom: 4, containLabel: true },
    xAxis: { type: "value", min: 1, max: 7, interval: 1, ...axis(ink) },
    yAxis: { type: "category", inverse: true, data: gaps.map((one) => one.label), ...axis(ink), splitLine: { show: false } },
    series: [
      bar(words.expectation, ink.orange, (gap) => gap.expectation.value),
      bar(words.perception, ink.blue, (gap) => gap.perception.value),
    ],
  };
}
