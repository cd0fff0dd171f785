/** What `/api/me` answers; the service's `me_schemas.py` says the same. */
export interface Me {
  name: string;
  needs_step_up: boolean;
  fields: Field[];
  kept: Kept[];
  consents: Consent[];
  requests: RightsRequest[];
}

export interface Field {
  name: string;
  label: string;
  value: string;
  source_label: string;
  verified_at: string | null;
  is_stale: boolean;
  purpose: string;
  basis_label: string;
}

export interface Kept {
  kind: string;
  label: string;
  count: number;
  purpose: string;
  basis_label: string;
  until: string;
  why: string;
}

export interface Consent {
  purpose: string;
  label: string;
  words: string;
  is_given: boolean;
  given_at: string | null;
  withdrawn_at: string | null;
}

export interface RightsRequest {
  number: string;
  kind: "export" | "deletion";
  kind_label: string;
  state: "open" | "waiting" | "done" | "cancelled";
  state_label: string;
  requested_at: string;
  due_at: string;
  done_at: string | null;
  waits_for: string[];
  download: string | null;
  expires_at: string | null;
}

/** The service's refusal, in words for people. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Asks in the name of the browser's visitor; the token travels in a header and in no address. */
export class Api {
  constructor(private readonly visitor: string) {}

  me(): Promise<Me> {
    return this.ask<Me>("GET", "/api/me");
  }

  consent(purpose: string, isGiven: boolean): Promise<Consent> {
    return this.ask<Consent>("POST", "/api/me/consents", { purpose, is_given: isGiven });
  }

  export(): Promise<RightsRequest> {
    return this.ask<RightsRequest>("POST", "/api/me/export");
  }

  deletion(): Promise<RightsRequest> {
    return this.ask<RightsRequest>("POST", "/api/me/deletion");
  }

  cancelDeletion(number: string): Promise<RightsRequest> {
    return this.ask<RightsRequest>("POST", `/api/me/deletion/${number}/cancel`);
  }

  private async ask<T>(method: string, path: string, body?: object): Promise<T> {
    let answer: Response;
    try {
      answer = await fetch(path, {
        method,
        headers: {
          "X-Zhike-Visitor": this.visitor,
          ...(body ? { "Content-Type": "application/json" } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
    } catch {
      throw new Refusal("offline", "网络不通，请稍后再试。");
    }
    const found = (await answer.json()) as unknown;
    if (!answer.ok) {
      const { error } = found as { error: { code: string; message: string } };
      throw new Refusal(error.code, error.message);
    }
    return found as T;
  }
}
