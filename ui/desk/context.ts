/** What is passed on with a conversation; the service's `context_schemas.py` says the same. */
export interface ToConfirm {
  name: string;
  label: string;
  problem: string;
  problem_label: string;
  value: string | null;
  detail: string;
}

export interface CustomerCard {
  public_id: string;
  name: string | null;
  phone: string | null;
  type_label: string;
  tier: string;
  tier_label: string;
  tier_why: string | null;
  stage: string;
  stage_label: string;
  segment: string | null;
  preferred_channel: string | null;
  quiet_hours: string | null;
  verified_by_label: string | null;
  verified_at: string | null;
  verified_now: boolean;
  to_confirm: ToConfirm[];
}

export interface OrderShown {
  number: string;
  state: string;
  state_label: string;
  amount: string;
  placed_at: string;
  promised_at: string | null;
  delivered_at: string | null;
  overdue: boolean;
  mentioned: boolean;
  items: string[];
  carrier: string | null;
  tracking_number: string | null;
  receiver_name: string;
  receiver_phone: string;
  receiver_address: string;
  timeline: { at: string; title: string; detail: string }[];
}

export interface CaseOfCustomer {
  case_number: string;
  state: string;
  state_label: string;
  grade: "P1" | "P2" | "P3" | "P4";
  grade_label: string;
  category: string;
  order_number: string | null;
  received_at: string | null;
  solve_due_at: string | null;
  closed_at: string | null;
  owner: string | null;
}

export interface PromiseMade {
  what: string;
  promised_by: string;
  due_at: string;
  made_at: string;
  kept_at: string | null;
  broken_at: string | null;
}

export interface ContactShown {
  started_at: string;
  channel_label: string;
  handled_by_label: string;
  agent: string | null;
  topics: string[];
  order_number: string | null;
  emotion: string;
  emotion_label: string;
  outcome_label: string | null;
  csat: number | null;
  ces: number | null;
  nps: number | null;
  reason_text: string | null;
}

export interface Suggestion {
  text: string;
  source: string;
  basis: string;
  confidence: number;
}

export interface Context {
  conversation: string;
  summary: {
    lines: string[];
    wish: string | null;
    asked: { question: string; answer: string | null }[];
    facts: { kind: string; label: string; value: string }[];
    done: string[];
    failures: string[];
    emotion: string;
    emotion_label: string;
    topics: { topic: string; label: string }[];
  };
  customer: CustomerCard | null;
  orders: OrderShown[];
  orders_note: string | null;
  cases: CaseOfCustomer[];
  promises: PromiseMade[];
  contacts: ContactShown[];
  suggestion: Suggestion | null;
  next_question: { about: string; text: string } | null;
  handover: { reason: string; reason_label: string; requested_at: string; taken_at: string | null } | null;
}
