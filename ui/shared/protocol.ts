/** The frames of `/ws/chat`, and a reader that lets nothing malformed through. */

export type Owner = "bot" | "queued" | "human" | "closed";
export type Speaker = "bot" | "agent" | "customer" | "system";

export interface Button {
  title: string;
  payload: string;
}

export interface OrderItem {
  name: string;
  picture: string | null;
  quantity: number;
  price: string;
}

export interface TimelineEntry {
  at: string;
  title: string;
  detail: string;
}

export interface OrderCard {
  type: "order";
  number: string;
  state: string;
  state_label: string;
  amount: string;
  items: OrderItem[];
  carrier: string;
  tracking_number: string;
  expected: string;
  timeline: TimelineEntry[];
}

export interface ProductCard {
  type: "product";
  name: string;
  picture: string | null;
  price: string;
  stock_label: string;
}

export interface CaseCard {
  type: "case";
  number: string;
  state_label: string;
  promised_at: string;
}

/** A picture that the customer sent. */
export interface EvidenceCard {
  type: "evidence";
  id: string;
  name: string;
  width: number;
  height: number;
}

export type Card = OrderCard | ProductCard | CaseCard | EvidenceCard;

/** Where the visitor stands in the host's shop. */
export interface Page {
  url?: string;
  title?: string;
  product?: string;
  order?: string;
}

export type ClientFrame =
  | {
      type: "hello";
      visitor: string | null;
      after: number;
      conversation?: string;
      identity?: string;
      page?: Page;
    }
  | { type: "message"; client_msg_id: string; text: string }
  | { type: "button"; client_msg_id: string; payload: string }
  | { type: "survey"; id: string; answers: Record<string, number | string | boolean> }
  | { type: "request_human" | "cancel_request" | "typing" | "end" };

export interface MessageFrame {
  type: "message";
  seq: number;
  from: Speaker;
  text: string;
  buttons: Button[];
  card: Card | null;
  at: string;
  agentName: string | null;
  clientMsgId: string | null;
  /** The customer has chosen one of the buttons already. */
  areButtonsUsed: boolean;
}

export interface WelcomeFrame {
  type: "welcome";
  visitor: string | null;
  conversation: string;
  seq: number;
  owner: Owner;
}

export interface OwnerFrame {
  type: "owner";
  owner: Owner;
  position: number | null;
  waitSeconds: number | null;
}

export interface SurveyQuestion {
  key: string;
  text: string;
  /** Null on a free text. */
  low: number | null;
  high: number | null;
  labels: string[];
}

/** What the visitor is asked, and what was answered already. */
export interface SurveyFrame {
  type: "survey";
  id: string;
  isOpen: boolean;
  isSkipped: boolean;
  questions: SurveyQuestion[];
  answers: Record<string, unknown>;
  agentName: string | null;
  thanks: string;
}

export interface ErrorFrame {
  type: "error";
  code: string;
  message: string;
  clientMsgId: string | null;
}

export type ServerFrame =
  | WelcomeFrame
  | MessageFrame
  | OwnerFrame
  | SurveyFrame
  | ErrorFrame
  | { type: "ack"; clientMsgId: string; seq: number }
  | { type: "typing"; from: "bot" | "agent" };

type Json = Record<string, unknown>;

const OWNERS: readonly string[] = ["bot", "queued", "human", "closed"];
const SPEAKERS: readonly string[] = ["bot", "agent", "customer", "system"];

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
const textOrNull = (value: unknown): string | null => (typeof value === "string" && value ? value : null);
const count = (value: unknown): number | null =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** One frame from the wire; null when it is not one that this client knows. */
export function readFrame(raw: unknown): ServerFrame | null {
  if (typeof raw !== "string") return null;
  let data: unknown;
  try {
    data = JSON.parse(raw);
  } catch {
    return null;
  }
  if (!isObject(data)) return null;
  switch (data.type) {
    case "welcome":
      return readWelcome(data);
    case "message":
      return readMessage(data);
    case "ack": {
      const seq = count(data.seq);
      const id = textOrNull(data.client_msg_id);
      return seq !== null && id ? { type: "ack", clientMsgId: id, seq } : null;
    }
    case "owner": {
      const owner = readOwner(data.owner);
      if (!owner) return null;
      return { type: "owner", owner, position: count(data.position), waitSeconds: count(data.wait_s) };
    }
    case "survey":
      return readSurvey(data);
    case "typing":
      return { type: "typing", from: data.from === "agent" ? "agent" : "bot" };
    case "error":
      return {
        type: "error",
        code: text(data.code),
        message: text(data.message),
        clientMsgId: textOrNull(data.client_msg_id),
      };
    default:
      return null;
  }
}

function readOwner(value: unknown): Owner | null {
  return OWNERS.includes(value as string) ? (value as Owner) : null;
}

function readWelcome(data: Json): WelcomeFrame | null {
  const conversation = text(data.conversation);
  const seq = count(data.seq);
  if (!conversation || seq === null) return null;
  return {
    type: "welcome",
    visitor: textOrNull(data.visitor),
    conversation,
    seq,
    owner: readOwner(data.owner) ?? "bot",
  };
}

function readMessage(data: Json): MessageFrame | null {
  const seq = count(data.seq);
  if (seq === null || !SPEAKERS.includes(data.from as string)) return null;
  const agent = isObject(data.agent) ? textOrNull(data.agent.name) : null;
  return {
    type: "message",
    seq,
    from: data.from as Speaker,
    text: text(data.text),
    buttons: objects(data.buttons)
      .map((button) => ({ title: text(button.title), payload: text(button.payload) }))
      .filter((button) => button.title && button.payload),
    card: readCard(data.card),
    at: text(data.at),
    agentName: agent,
    clientMsgId: textOrNull(data.client_msg_id),
    areButtonsUsed: data.buttons_used === true,
  };
}

function readSurvey(data: Json): SurveyFrame | null {
  const id = text(data.id);
  if (!id) return null;
  return {
    type: "survey",
    id,
    isOpen: data.is_open === true,
    isSkipped: data.state === "skipped",
    questions: objects(data.questions).map((question) => ({
      key: text(question.key),
      text: text(question.text),
      low: count(question.low),
      high: count(question.high),
      labels: Array.isArray(question.labels) ? question.labels.map(text) : [],
    })),
    answers: isObject(data.answers) ? data.answers : {},
    agentName: isObject(data.agent) ? textOrNull(data.agent.name) : null,
    thanks: text(data.thanks),
  };
}

/** A card of a kind that this client can draw; null for anything else, so that the text still shows. */
export function readCard(value: unknown): Card | null {
  if (!isObject(value)) return null;
  switch (value.type) {
    case "order":
      return {
        type: "order",
        number: text(value.number),
        state: text(value.state),
        state_label: text(value.state_label),
        amount: text(value.amount),
        items: objects(value.items).map((item) => ({
          name: text(item.name),
          picture: textOrNull(item.picture),
          quantity: count(item.quantity) ?? 1,
          price: text(item.price),
        })),
        carrier: text(value.carrier),
        tracking_number: text(value.tracking_number),
        expected: text(value.expected),
        timeline: objects(value.timeline).map((entry) => ({
          at: text(entry.at),
          title: text(entry.title),
          detail: text(entry.detail),
        })),
      };
    case "product":
      return {
        type: "product",
        name: text(value.name),
        picture: textOrNull(value.picture),
        price: text(value.price),
        stock_label: text(value.stock_label),
      };
    case "case":
      return {
        type: "case",
        number: text(value.number),
        state_label: text(value.state_label),
        promised_at: text(value.promised_at),
      };
    case "evidence":
      return {
        type: "evidence",
        id: text(value.id),
        name: text(value.name),
        width: count(value.width) ?? 0,
        height: count(value.height) ?? 0,
      };
    default:
      return null;
  }
}
