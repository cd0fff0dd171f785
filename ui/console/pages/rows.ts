import { dateTime, span } from "../../shared/staff/spans";
import { texts } from "../texts";

/** One row of any of these lists, as the service gives it; `console_lists.py` and `console_schemas.py` name the fields. */
export interface Row {
  case_number?: string | null;
  customer?: string | null;
  conversation?: string | null;
  [field: string]: unknown;
}

export type ListName = "answers" | "contacts" | "promises" | "queue";

interface Column {
  label: string;
  of: (row: Row) => string;
  isLong?: boolean;
}

interface List {
  path: string;
  back: string;
  isPaged: boolean;
  columns: Column[];
}

const words = texts.rows.columns;
const text = (value: unknown): string => {
  if (Array.isArray(value)) return value.map(text).join("、");
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
};
const plain = (label: string, field: string, isLong = false): Column => ({ label, of: (row) => text(row[field]), isLong });
const moment = (label: string, field: string): Column => ({
  label,
  of: (row) => (typeof row[field] === "string" ? dateTime(row[field]) : ""),
});
const length = (label: string, field: string): Column => ({
  label,
  of: (row) => (typeof row[field] === "number" ? span(row[field] * 1000) : ""),
});

export const LISTS: Record<ListName, List> = {
  answers: {
    path: "/api/console/satisfaction/answers",
    back: "/satisfaction",
    isPaged: true,
    columns: [
      moment(words.invited, "invited_at"),
      moment(words.answered, "answered_at"),
      plain(words.csat, "csat"),
      plain(words.ces, "ces"),
      plain(words.nps, "nps"),
      plain(words.expectation, "expectation"),
      plain(words.perception, "perception"),
      plain(words.reason, "reason", true),
      plain(words.topic, "topic_label"),
      plain(words.part, "care_part_label"),
      plain(words.channel, "channel_label"),
      plain(words.agent, "agent"),
      plain(words.name, "customer_name"),
    ],
  },
  contacts: {
    path: "/api/console/contacts",
    back: "/today",
    isPaged: true,
    columns: [
      moment(words.started, "started_at"),
      plain(words.channel, "channel_label"),
      plain(words.topics, "topic_labels", true),
      plain(words.kind, "kind_label"),
      plain(words.handledBy, "handled_by_label"),
      plain(words.agent, "agent"),
      plain(words.outcome, "outcome_label"),
      plain(words.emotion, "emotion_label"),
      length(words.wait, "handoff_wait_s"),
      plain(words.name, "customer_name"),
      plain(words.order, "order_number"),
    ],
  },
  promises: {
    path: "/api/console/promises",
    back: "/today",
    isPaged: true,
    columns: [
      moment(words.due, "due_at"),
      plain(words.what, "what", true),
      plain(words.by, "promised_by"),
      moment(words.made, "made_at"),
      moment(words.kept, "kept_at"),
      moment(words.broken, "broken_at"),
      plain(words.case, "case_number"),
      plain(words.owner, "owner"),
      plain(words.name, "customer_name"),
    ],
  },
  queue: {
    path: "/api/desk/queue",
    back: "/today",
    isPaged: false,
    columns: [
      plain(words.position, "position"),
      length(words.waited, "waited_s"),
      plain(words.name, "customer_name"),
      plain(words.tier, "tier_label"),
      plain(words.last, "last_text", true),
    ],
  },
};
