/** What `/api/desk/improve/…` answers; the service's `improve_schemas.py` says the same. */
export interface Alarm {
  id: number;
  label: string;
  dimension_label: string;
  summary: string;
  method_label: string;
  day: string;
  count: number;
  baseline: number;
  unit: string;
  opened_at: string;
  is_open: boolean;
  is_over: boolean;
  acknowledged_by: string | null;
  acknowledged_at: string | null;
  cause: string | null;
  corrective_action: number | null;
  closed_by: string | null;
  closed_at: string | null;
  close_note: string | null;
}

export interface ChartDay {
  day: string;
  count: number;
  baseline: number;
  day_limit: number;
  cusum: number;
  cusum_limit: number;
  ewma: number;
  ewma_limit: number;
  over: string[];
}

export interface AlarmSheet {
  alarm: Alarm;
  exposure_label: string;
  how: string;
  n: number;
  days: ChartDay[];
  cases: { id: number; case_number: string; state_label: string; grade: string; grade_label: string; product: string | null; received_at: string; root_cause: string | null }[];
}

export interface Measured {
  shown: string;
  n: number;
  n_label: string;
  since: string;
  until: string;
}

export interface Action {
  id: number;
  title: string;
  state: string;
  state_label: string;
  next_states: { value: string; label: string }[];
  cause_label: string;
  cause_note: string;
  alarms: number[];
  improves: { value: string; label: string }[];
  owner_name: string;
  due_on: string;
  is_overdue: boolean;
  hypothesis: string | null;
  figure_label: string | null;
  scope_label: string;
  before: Measured | null;
  after: Measured | null;
  comparison: { verdict: string; verdict_label: string; difference: number | null; unit: string; interval: number[] | null; why: string } | null;
  version: number;
  trail: { kind_label: string; from_label: string | null; to_label: string | null; actor: string; at: string }[];
  is_intact: boolean;
}
