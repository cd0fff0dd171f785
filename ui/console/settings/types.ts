/** What the accounts, the hours and the ready-made replies answer; `staff_schemas.py` and `handover_schemas.py` say the same. */
export type Role = "agent" | "lead" | "manager" | "admin";

export interface Account {
  id: number;
  login: string;
  name: string;
  role: Role;
  role_label: string;
  skills: string[];
  capacity: number;
  active: boolean;
  is_demo: boolean;
  locked_until: string | null;
  must_change_password: boolean;
  has_totp: boolean;
  has_sso: boolean;
}

/** The password comes this once. */
export interface AccountWithPassword {
  account: Account;
  password: string;
}

export interface AccountChange {
  who: string;
  what_label: string;
  old: string | null;
  new: string | null;
  at: string;
}

export interface Span {
  opens: string;
  closes: string;
}

export interface OtherDay {
  day: string;
  name: string;
  spans: Span[];
  set_by: string;
}

/** `week`: weekday ("0" is Monday) to its spans. */
export interface Hours {
  week: Record<string, Span[]>;
  words: string;
  open_now: boolean;
  next_opening: string | null;
  closed_on_holidays: boolean;
  days: OtherDay[];
}

export interface Canned {
  id: number;
  title: string;
  shortcut: string | null;
  category: string;
  raw: string;
  shared: boolean;
  mine: boolean;
  uses: number;
}
