/** What the staff's complaint routes take and give; the service's `case_bodies.py` and `case_schemas.py` say the same. Money is a string of yuan. */
import type { Grade } from "./desk-protocol";

export interface Who {
  id: number;
  name: string;
}

export interface Choice {
  value: string;
  label: string;
}

export interface CaseLine {
  id: number;
  case_number: string | null;
  state: string;
  state_label: string;
  grade: Grade;
  grade_label: string;
  level: string;
  level_label: string;
  category: string;
  category_label: string;
  topic_label: string;
  channel: string;
  channel_label: string;
  customer: { id: string; name: string | null; tier: string; tier_label: string } | null;
  owner: Who | null;
  product: { sku: string; name: string } | null;
  order_number: string | null;
  words: string | null;
  amount: string | null;
  opened_at: string;
  received_at: string | null;
  closed_at: string | null;
  due_at: string | null;
  is_overdue: boolean;
  reopen_count: number;
  open_approvals: number;
  version: number;
  is_open: boolean;
}

export interface Clock {
  kind: string;
  label: string;
  due_at: string | null;
  state: "running" | "paused" | "met" | "missed";
  basis?: string;
  detail?: string;
}

export interface CasePromise {
  id: number;
  what: string;
  label: string;
  by: string;
  made_at: string;
  due_at: string;
  kept_at: string | null;
  broken_at: string | null;
}

export interface RemedyShown {
  id: number;
  kind: string;
  label: string;
  amount: string;
  note: string;
  done_at: string | null;
  done_by: string | null;
  basis: string | null;
}

export interface NextMove {
  to: string;
  label: string;
  needs: { field: string; label: string; required: boolean }[];
  /** Why it cannot be done yet, in words for people. */
  blocked: string | null;
  /** Which second word it takes. */
  approval: string | null;
}

export interface Approval {
  id: number;
  case: string;
  what: string;
  what_label: string;
  asked_by: string;
  reason: string;
  lines: string[];
  asked_at: string;
  decision: string | null;
  decision_label: string | null;
  decided_by: string | null;
  note: string | null;
  may_decide: boolean;
}

export interface CaseLink {
  case: string;
  kind: string;
  label: string;
  state_label: string;
  grade: Grade;
  category_label: string;
  words: string | null;
  reason: string;
}

export interface Case {
  line: CaseLine;
  conversation: string | null;
  own_words: string | null;
  complainant: string | null;
  on_behalf_of: string | null;
  occurred_at: string | null;
  place: string | null;
  batch: string | null;
  product_said: string | null;
  order_is_own: boolean;
  recurrent: boolean;
  remedy_said: string | null;
  requested: string[];
  expectation: string | null;
  care_part_label: string;
  emotion_label: string;
  cues: string[];
  legal_flags: string[];
  severity: { name: string; label: string; value: number }[];
  findings: string | null;
  root_cause_1: string | null;
  root_cause_1_label: string | null;
  root_cause_2: string | null;
  root_cause_2_label: string | null;
  proposal: string | null;
  refusals: number;
  outside_ways_told_at: string | null;
  received_by: string | null;
  clocks: Clock[];
  legal_clocks: Clock[];
  promises: CasePromise[];
  money: {
    disputed: string | null;
    promised: string;
    paid: string;
    /** The reader's own; null: none. */
    limit: string | null;
    remedies: RemedyShown[];
  };
  moves: NextMove[];
  may: Record<
    "act" | "raise_grade" | "lower_grade" | "assign" | "take" | "correct" | "merge" | "link" | "export",
    boolean
  >;
  approvals: Approval[];
  links: CaseLink[];
  suggestions: CaseLink[];
  evidence: { id: string; name: string; url: string; kind: string; size: number; by: string; at: string }[];
}

export interface CaseEvent {
  seq: number;
  kind_label: string;
  actor_name: string;
  at: string;
  from_state_label: string | null;
  to_state_label: string | null;
  lines: string[];
  is_sound: boolean;
}

export interface CaseTerms {
  grades: Choice[];
  topics: Choice[];
  remedies: Choice[];
  root_causes: (Choice & { details: Choice[] })[];
  owners: Who[];
  my_limit: string | null;
}

export interface Acted {
  done: boolean;
  approval: Approval | null;
  case: Case;
}
