import { BarChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use, type EChartsCoreOption, type EChartsType } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, LineChart, ScatterChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, CanvasRenderer]);

/**
 * Draws into `root`. The library empties its element by assigning markup, which the page's content
 * policy forbids even when the markup is empty: here the element empties itself by its nodes.
 */
export function drawIn(root: HTMLElement): EChartsType {
  Object.defineProperty(root, "innerHTML", { configurable: true, get: () => "", set: () => root.replaceChildren() });
  return init(root, null, { renderer: "canvas" });
}

export type { EChartsCoreOption, EChartsType };
