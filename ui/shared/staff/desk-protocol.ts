/** The frames of `/ws/desk` and the shapes of `/api/desk/…`; the service's `desk_frames.py` and `desk_schemas.py` say the same. */

export type Owner = "bot" | "queued" | "human" | "closed";
export type Presence = "online" | "busy" | "away" | "break";
export type Speaker = "customer" | "bot" | "agent" | "system" | "note";
export type Grade = "P1" | "P2" | "P3" | "P4";
export type Emotion = "calm" | "worried" | "annoyed" | "angry" | "distressed";

export interface Person {
  id: number;
  name: string;
}

export interface Me extends Person {
  login: string;
  role: string;
  presence: Presence;
  capacity: number;
  load: number;
  permissions: string[];
}

export interface Colleague extends Person {
  role: string;
  presence: Presence;
  load: number;
  capacity: number;
  skills: string[];
}

export interface Item {
  conversation: string;
  owner: Owner;
  agent: Person | null;
  mine: boolean;
  customer: {
    id: string | null;
    name: string | null;
    tier: "strategic" | "key" | "potential" | "general" | null;
    tier_label: string | null;
    verified_by: string | null;
  };
  last: { text: string; from: Speaker; at: string } | null;
  unread: number;
  waiting_since: string | null;
  position: number | null;
  reason: string | null;
  reason_label: string | null;
  grade: Grade | null;
  emotion: Emotion | null;
  topic: string | null;
  topic_label: string | null;
  due_at: string | null;
  overdue: boolean;
  snoozed_until: string | null;
  skill: string | null;
  channel: string;
  opened_at: string;
  seq: number;
}

export interface Understood {
  topic: string | null;
  topic_label: string | null;
  confidence: number | null;
  emotion: string | null;
  cues: string[];
  entities: Record<string, unknown>[];
}

export interface Evidence {
  id: string;
  name: string;
  url: string;
  kind: string;
  size: number;
}

export interface Line {
  id: string;
  /** Notes have none and keep their place by `at`. */
  seq: number | null;
  from: Speaker;
  agent: Person | null;
  text: string;
  buttons: { title: string; payload?: string }[];
  card: Record<string, unknown> | null;
  at: string;
  understood: Understood | null;
  evidence: Evidence[];
}

export interface Notice {
  id: number;
  kind: string;
  kind_label: string;
  text: string;
  conversation: string | null;
  case_number: string | null;
  at: string;
  read: boolean;
}

export interface WrapUp {
  topic: string;
  outcome: string;
  care_part: string;
  root_cause_1?: string | null;
  root_cause_2?: string | null;
  note?: string | null;
}

/** What a client asks; the socket gives each its id. */
export type Command =
  | { type: "hello"; after: number }
  | { type: "open" | "join"; conversation: string; after: number }
  | { type: "older"; conversation: string; before: number }
  | { type: "shut" | "take" | "typing" | "step_in" | "unsnooze"; conversation: string }
  | { type: "send" | "note"; conversation: string; client_msg_id: string; text: string }
  | { type: "transfer"; conversation: string; to_staff?: number; to_skill?: string; note: string }
  | { type: "return_to_bot"; conversation: string; note?: string }
  | { type: "ask_lead"; conversation: string; note: string }
  | { type: "close"; conversation: string; wrap_up: WrapUp }
  | { type: "snooze"; conversation: string; until: string }
  | { type: "presence"; presence: Presence }
  | { type: "read"; conversation: string; seq: number }
  | { type: "draft"; conversation: string; text: string }
  | { type: "notice_read"; notice: number };

export type CommandFrame = Command & { id: string };

export interface OkFrame {
  type: "ok";
  id: string;
  /** What was stored, in the answer to `send` and `note`. */
  line?: Line;
}

export interface LinesFrame {
  type: "lines";
  conversation: string;
  lines: Line[];
  seq: number;
  has_older: boolean;
  draft: string;
}

export interface Snapshot {
  type: "snapshot";
  at: string;
  me: Me;
  conversations: Item[];
  staff: Colleague[];
  notices: Notice[];
}

export type DeskFrame =
  | OkFrame
  | { type: "error"; id?: string; code: string; message: string; fields?: Record<string, string> }
  | Snapshot
  | { type: "item"; item: Item }
  | { type: "gone"; conversation: string }
  | LinesFrame
  | { type: "line"; conversation: string; line: Line }
  | { type: "typing"; conversation: string; from: "customer" | "bot" | "agent"; name?: string }
  | { type: "staff"; staff: Colleague[] }
  | { type: "notice"; notice: Notice }
  | { type: "me"; me: Me };

const KINDS: readonly string[] = [
  "ok", "error", "snapshot", "item", "gone", "lines", "line", "typing", "staff", "notice", "me",
];

/** One frame from the wire; null when it is none that this client knows (a newer service may say more). */
export function readDeskFrame(raw: unknown): DeskFrame | null {
  if (typeof raw !== "string") return null;
  let data: unknown;
  try {
    data = JSON.parse(raw);
  } catch {
    return null;
  }
  if (typeof data !== "object" || data === null) return null;
  // The service is our own and its frames are checked types; what is checked here is that it is one of them.
  return KINDS.includes((data as { type?: string }).type ?? "") ? (data as DeskFrame) : null;
}
