/** What the customers' routes answer; the service's `customer_schemas.py` and `winback_schemas.py` say the same. */
export interface CustomerLine {
  public_id: string;
  name: string | null;
  phone: string | null;
  type_label: string;
  tier: string;
  tier_label: string;
  stage_label: string;
  segment: string | null;
  quality_score: number | null;
  created_at: string;
}

export interface TabFigure {
  name: string;
  label: string;
  value: number | string | null;
  unit: string;
  how: string;
  rows: string[];
}

export interface KeyAccount {
  scores: Record<string, number> | null;
  score: number | null;
  tier: string;
  tier_label: string;
  signed_by: string | null;
  reason: string | null;
  proposals: { criterion: string; label: string; score: number | null; why: string }[];
}

export interface Sheet {
  record: CustomerLine & {
    tier_reason: string | null;
    quiet_hours: string | null;
    fields: {
      name: string;
      label: string;
      value: string | null;
      source_label: string;
      verified_at: string | null;
      is_stale: boolean;
      purpose: string;
      old_values: string[];
    }[];
  };
  orders: { number: string; state_label: string; amount: string; placed_at: string; items: string[] }[] | null;
  cases: { case_number: string; state_label: string; grade: string; grade_label: string; category: string; received_at: string | null }[];
  promises: { what: string; promised_by: string; due_at: string; kept_at: string | null; broken_at: string | null }[];
  contacts: { started_at: string; channel_label: string; handled_by_label: string; topics: string[]; outcome_label: string | null }[];
  issues: { id: number; issue_label: string; field: string; detail: string; found_at: string }[];
  value: {
    as_of: string;
    tabs: { tab: string; label: string; figures: TabFigure[] }[];
    key_account: KeyAccount;
    history: { as_of: string; rfm: string; clv: string; spent: string; p_alive: number | null; stage_label: string; tier_label: string }[];
  };
}

export interface Issue {
  id: number;
  issue: string;
  issue_label: string;
  field_label: string;
  detail: string;
  customer: string;
  customer_name: string | null;
  other: string | null;
  other_name: string | null;
  score: number | null;
  evidence: { fact: string; bits: number }[];
  found_by: string;
  found_at: string;
}

export interface Merge {
  id: number;
  survivor: string;
  loser: string;
  merged_at: string;
  merged_by: string;
  reason: string;
  undone_at: string | null;
  undone_by: string | null;
}

export interface Winback {
  id: number;
  customer: string;
  customer_name: string | null;
  tier_label: string;
  lifetime_value: string | null;
  trigger_label: string;
  trigger_why: string | null;
  basis_label: string;
  state: string;
  state_label: string;
  next_states: { value: string; label: string }[];
  owner_name: string | null;
  offer: string | null;
  offer_amount: string | null;
  offer_limit: string | null;
  may_contact: boolean;
  may_offer: boolean;
  contacts: number;
  next_step: string | null;
  next_due_at: string | null;
  is_overdue: boolean;
  opened_at: string;
}
