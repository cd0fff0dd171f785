/** Colours of the charts, told apart by the colour-blind too (Okabe and Ito), and the page's own ink for axes and words. */
export interface Ink {
  blue: string;
  orange: string;
  green: string;
  text: string;
  muted: string;
  line: string;
  surface: string;
}

export function inkOf(): Ink {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(name).trim();
  const isDark = document.documentElement.dataset.theme === "dark";
  return {
    blue: isDark ? "#56b4e9" : "#0072b2",
    orange: isDark ? "#e69f00" : "#d55e00",
    green: isDark ? "#3cc79f" : "#009e73",
    text: of("--ink"),
    muted: of("--muted"),
    line: of("--line"),
    surface: of("--surface"),
  };
}

/** What every chart has: room for its axes, words in the page's ink, and hints without markup. */
export function frame(ink: Ink): { grid: object; textStyle: object; tooltip: Record<string, unknown>; legend: object; animation: boolean } {
  return {
    animation: false,
    grid: { left: 8, right: 16, top: 34, bottom: 4, containLabel: true },
    textStyle: { color: ink.text, fontFamily: "inherit" },
    legend: { top: 0, left: 0, itemWidth: 16, itemHeight: 8, textStyle: { color: ink.muted } },
    tooltip: {
      renderMode: "richText",
      trigger: "axis",
      backgroundColor: ink.surface,
      borderColor: ink.line,
      textStyle: { color: ink.text, fontSize: 12 },
    },
  };
}

export function axis(ink: Ink): object {
  return {
    axisLabel: { color: ink.muted },
    axisLine: { lineStyle: { color: ink.line } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: ink.line, opacity: 0.6 } },
  };
}
