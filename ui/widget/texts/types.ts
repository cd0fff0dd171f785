import type { TimeWords } from "../../shared/times";

/** Every word that the chat shows. Another language is another file of this shape. */
export interface Texts {
  times: TimeWords;
  assistant: string;
  launcher: string;
  launcherUnread: (count: number) => string;
  greeting: string;
  starters: readonly string[];
  status: { bot: string; queued: string; human: string; humanNamed: (name: string) => string; closed: string };
  human: { ask: string; waiting: string; taken: string };
  minimise: string;
  log: string;
  newMessages: string;
  typing: { bot: string; agent: string };
  connection: { connecting: string; offline: string };
  sending: string;
  waiting: string;
  failed: string;
  retry: string;
  discard: string;
  ended: string;
  restart: string;
  earlier: string;
  input: { label: string; placeholder: string; note: string; closed: string; send: string; hint: string };
  picture: {
    add: string;
    drop: string;
    sending: (name: string) => string;
    sent: (name: string) => string;
    failed: string;
    tooLarge: string;
    open: (name: string) => string;
    close: string;
    missing: string;
  };
  survey: {
    title: string;
    skip: string;
    next: string;
    send: string;
    close: string;
    offline: string;
    reason: string;
    step: (at: number, of: number) => string;
    /** In the visitor's language; the server's own words are Chinese. */
    question: (key: string, words: string) => string;
    label: (key: string, at: number, words: string) => string;
    thanks: (agent: string | null, isSkipped: boolean, words: string) => string;
  };
  left: (count: number) => string;
  over: (count: number) => string;
  queue: {
    title: string;
    place: (position: number) => string;
    wait: (minutes: number) => string;
    soon: string;
    advice: string;
    note: string;
    cancel: string;
    closedNow: (hours: string) => string;
  };
  privacy: { notice: string; link: string; mine: string };
  footer: string;
  end: { ask: string; title: string; text: string; confirm: string; cancel: string };
  order: {
    title: string;
    total: string;
    carrier: string;
    copy: string;
    copied: string;
    copyNumber: (number: string) => string;
    expected: (when: string) => string;
    showTimeline: (count: number) => string;
    hideTimeline: string;
    more: (count: number) => string;
  };
  product: { title: string };
  case: { title: string; promised: (when: string) => string };
  chosen: string;
}
