import type { Figure, Link } from "../types";

export interface Reason {
  key: string;
  label: string;
  asked: number;
  reached: number;
  success: number | null;
  link: Link;
}

export interface Day {
  day: string;
  contacts: number;
  complaints: number;
  offered: number;
  answered_in_time: number;
  abandoned: number;
  service_level: number | null;
  frt_median_s: number | null;
  contained: number;
  bot_sessions: number;
  kept: number;
  due: number;
}

/** `/api/console/service`: `answer_within_s` is what the service level counts as in time. */
export interface Service {
  from: string;
  to: string;
  as_of: string;
  answer_within_s: number;
  numbers: Figure[];
  reasons: Reason[];
  days: Day[];
}
