/** The service's refusal, in words for people; `code` is stable. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly fields: Record<string, string> = {},
    readonly status = 0,
  ) {
    super(message);
  }

  /** What to show under a form: the fields' words when there are any. */
  get words(): string {
    const said = Object.values(this.fields);
    return said.length ? said.join(" ") : this.message;
  }
}

export const OFFLINE = "offline";
const WORDS = {
  offline: "网络不通，请稍后再试。",
  strange: "服务暂时没有正确回应，请稍后再试。",
};

/** In words for people, whatever was thrown. */
export function wordsOf(problem: unknown): string {
  return problem instanceof Refusal ? problem.words : WORDS.strange;
}

export type Query = Record<string, string | number | boolean | null | undefined>;

/**
 * Asks the service in the name of the signed-in member of staff: the session travels in a cookie
 * that scripts cannot read, and every write carries the token that proves that it comes from our page.
 */
export class StaffApi {
  csrf = "";
  /** The session has ended: somebody has to sign in again. */
  onSignedOut: () => void = () => undefined;
  /** A new password or a second factor is asked for before anything else. */
  onMustFirst: (what: "password" | "enrol") => void = () => undefined;

  get<T>(path: string, query: Query = {}): Promise<T> {
    const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
    const params = new URLSearchParams(given.map(([key, value]) => [key, String(value)]));
    return this.ask<T>("GET", params.size ? `${path}?${params.toString()}` : path);
  }

  post<T>(path: string, body?: object): Promise<T> {
    return this.ask<T>("POST", path, body);
  }

  put<T>(path: string, body: object): Promise<T> {
    return this.ask<T>("PUT", path, body);
  }

  remove<T>(path: string): Promise<T> {
    return this.ask<T>("DELETE", path);
  }

  private async ask<T>(method: string, path: string, body?: object): Promise<T> {
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(path, {
        method,
        credentials: "same-origin",
        headers: {
          Accept: "application/json",
          ...(method === "GET" ? {} : { "X-CSRF-Token": this.csrf }),
          ...(body ? { "Content-Type": "application/json" } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      text = await answer.text();
    } catch {
      throw new Refusal(OFFLINE, WORDS.offline);
    }
    let found: unknown;
    try {
      found = text ? JSON.parse(text) : {};
    } catch {
      throw new Refusal("strange", WORDS.strange, {}, answer.status);
    }
    if (answer.ok) return found as T;
    const { error } = found as { error?: { code?: string; message?: string; fields?: Record<string, string> } };
    if (answer.status === 401 && error?.code === "not_signed_in") this.onSignedOut();
    if (error?.code === "password_change_needed") this.onMustFirst("password");
    if (error?.code === "totp_needed") this.onMustFirst("enrol");
    throw new Refusal(error?.code ?? "strange", error?.message ?? WORDS.strange, error?.fields ?? {}, answer.status);
  }
}

/** One for the page: desk and console talk to one service. */
export const api = new StaffApi();
