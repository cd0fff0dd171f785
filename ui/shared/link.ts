import { backoff } from "./backoff";
import { Timers } from "./timers";

/** The part of a WebSocket that is used; a test brings its own. */
export interface Socket {
  readyState: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  onerror: (() => void) | null;
  send(data: string): void;
  close(): void;
}

export interface LinkOptions {
  url: string;
  connect?: (url: string) => Socket;
  random?: () => number;
  isOnline?: () => boolean;
}

export type Connection = "idle" | "connecting" | "online" | "offline";

interface LinkHandlers<Out, In> {
  /** The first frame of a new connection. */
  hello: () => Out;
  /** A frame from the wire; null when it is none. */
  read: (raw: unknown) => In | null;
  frame: (frame: In) => void;
  /** The connection was lost or given up. */
  down: () => void;
  state: () => void;
}

const OPEN = 1;
const WELCOME_TIMEOUT = 8_000;

/** A connection that comes back by itself until it is stopped. `online` means welcomed, not just open. */
export class Link<Out extends object, In extends object> {
  state: Connection = "idle";

  private socket: Socket | null = null;
  private attempt = 0;
  private readonly timers = new Timers();

  constructor(
    private readonly options: LinkOptions,
    private readonly handlers: LinkHandlers<Out, In>,
  ) {}

  start(): void {
    if (this.state === "idle") this.open();
  }

  stop(): void {
    this.drop();
    this.setState("idle");
  }

  /** Tries at once instead of when the waiting time is over: the network is back, the page is seen again. */
  wake(): void {
    if (this.state === "idle" || this.socket) return;
    this.attempt = 0;
    this.open();
  }

  /** The network went away: say so now, not when the next message finds out. */
  sleep(): void {
    if (this.state !== "idle") this.lost();
  }

  /** Makes the connection anew, without waiting. */
  renew(): void {
    if (this.state === "idle") return;
    this.drop();
    this.attempt = 0;
    this.open();
  }

  /** The server has answered the hello. */
  welcomed(): void {
    this.timers.clear("welcome");
    this.attempt = 0;
    this.setState("online");
  }

  /** @returns false when there is no connection to send it over */
  send(frame: Out): boolean {
    if (this.socket?.readyState !== OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  private open(): void {
    this.timers.clear("retry");
    if (this.options.isOnline?.() === false) {
      this.retryLater();
      return;
    }
    if (this.attempt === 0) this.setState("connecting");
    let socket: Socket;
    try {
      socket = this.options.connect?.(this.options.url) ?? browserSocket(this.options.url);
    } catch {
      this.retryLater();
      return;
    }
    this.socket = socket;
    socket.onopen = () => this.send(this.handlers.hello());
    socket.onmessage = (event) => {
      const frame = this.handlers.read(event.data);
      if (frame && this.socket === socket) this.handlers.frame(frame);
    };
    socket.onclose = () => {
      if (this.socket === socket) this.lost();
    };
    this.timers.set("welcome", WELCOME_TIMEOUT, () => this.lost());
  }

  private lost(): void {
    this.drop();
    this.retryLater();
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.timers.clearAll();
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.handlers.down();
  }

  private retryLater(): void {
    this.timers.set("retry", backoff(this.attempt, (this.options.random ?? Math.random)()), () => this.open());
    this.attempt += 1;
    this.setState("offline");
  }

  private setState(state: Connection): void {
    if (state === this.state) return;
    this.state = state;
    this.handlers.state();
  }
}

function browserSocket(url: string): Socket {
  return new WebSocket(url) as unknown as Socket;
}
