/** What `/api/console/…` answers; the service's `console_schemas.py` says the same. */
export interface Link {
  page: string;
  query: Record<string, string>;
}

export interface Figure {
  key: string;
  label: string;
  value: number | null;
  unit: string;
  unit_label: string;
  n: number | null;
  low: number | null;
  high: number | null;
  method: string | null;
  note: string | null;
  definition: string | null;
  link: Link | null;
}

export interface TodayFigure {
  number: Figure;
  tone: "calm" | "warn" | "alarm";
  usual: number | null;
  usual_n: number;
}

export interface Today {
  as_of: string;
  figures: TodayFigure[];
  /** The demo shop's rows are among what is counted. */
  demo: boolean;
}

export interface Gap {
  key: string;
  label: string;
  expectation: Figure;
  perception: Figure;
  gap: Figure;
  verdict: string | null;
  verdict_label: string;
}

export interface Cell {
  part: string;
  property: string;
  property_label: string;
  value: number | null;
  n: number;
  is_shown: boolean;
  source: string;
  note: string | null;
  link: Link | null;
}

export interface Matrix {
  index: number | null;
  filled: number;
  cells: number;
  rows: { part: string; label: string; value: number | null; weight: number; cells: Cell[] }[];
  worst_part: string | null;
  worst_property: string | null;
  worst_label: string | null;
  advice: string | null;
}

export interface TrendPoint {
  week: string;
  until: string;
  value: number | null;
  n: number;
  low_limit: number | null;
  high_limit: number | null;
  is_partial: boolean;
  is_outside: boolean;
  link: Link;
}

export interface Trend {
  key: string;
  label: string;
  unit: string;
  unit_label: string;
  centre: number | null;
  points: TrendPoint[];
}

export interface BreakdownRow {
  key: string;
  label: string;
  is_shown: boolean;
  invited: number;
  answered: number;
  csat: Figure;
  shrunk: number | null;
  gap: Figure;
  link: Link;
}

export interface Satisfaction {
  from: string;
  to: string;
  as_of: string;
  numbers: Figure[];
  bounds: { invited: number; answered: number; satisfied: number; low: number | null; high: number | null };
  gaps: Gap[];
  matrix: Matrix;
  trends: Trend[];
  by: string;
  breakdown: BreakdownRow[];
  prior_a: number;
  prior_b: number;
  prior_is_fitted: boolean;
}

/** A page of any list: `next` is what to ask for the page after it. */
export interface Page<T> {
  items: T[];
  next: string | number | null;
}

export interface Unanswered {
  id: number;
  question: string;
  topic: string | null;
  topic_label: string | null;
  count: number;
  last_at: string;
  last_conversation: string | null;
}

export interface Bot {
  from: string;
  to: string;
  as_of: string;
  numbers: Figure[];
  topics: {
    topic: string;
    label: string;
    lines: number;
    mean_confidence: number | null;
    low_share: number | null;
    contacts: number;
    contained: number;
    link: Link;
  }[];
  unanswered: Unanswered[];
  unanswered_open: number;
  models: {
    name: string;
    trained_at: string;
    is_in_use: boolean | null;
    macro_f1: number | null;
    measured_n: number | null;
    worst_topics: string[];
    note: string | null;
  }[];
}

export interface Team {
  from: string;
  to: string;
  as_of: string;
  numbers: Figure[];
  members: {
    id: number;
    name: string;
    role_label: string;
    presence_label: string;
    load: number;
    capacity: number;
    open_cases: number;
    overdue_cases: number;
    handled: Figure;
    frt: Figure;
    aht: Figure;
    csat: Figure;
    shrunk: number | null;
    quality: Figure;
    hostile: Figure;
  }[];
}
