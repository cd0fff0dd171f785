import { serviceTexts } from "../texts-service";
import type { Figure } from "../types";

const words = serviceTexts.groups;
const GROUPS: readonly { label: string; keys: readonly string[] }[] = [
  { label: words.reach, keys: ["offered", "service_level", "asa", "wait_p90", "abandoned", "abandoned_long", "cancelled", "handover_success"] },
  { label: words.answer, keys: ["frt_human", "frt_human_p90", "aht", "fcr"] },
  { label: words.bot, keys: ["frt_bot", "frt_bot_p90", "containment", "containment_inferred"] },
  { label: words.kept, keys: ["kept_promises", "acknowledged_in_time", "solved_in_time", "reopened", "complaints_per_1000"] },
];

export interface Group {
  label: string;
  figures: Figure[];
}

/** The figures by what they are about; one that the page does not know yet stands under 其他, and none is lost. */
export function grouped(numbers: readonly Figure[]): Group[] {
  const known = GROUPS.map(({ label, keys }) => ({
    label,
    figures: keys.flatMap((key) => numbers.filter((one) => one.key === key)),
  }));
  const keys = new Set(GROUPS.flatMap((group) => group.keys));
  const others = { label: words.other, figures: numbers.filter((one) => !keys.has(one.key)) };
  return [...known, others].filter((group) => group.figures.length > 0);
}
