import { defineStore } from "pinia";
import { ref } from "vue";
import { api, OFFLINE, Refusal } from "./api";

/** What `/api/staff/…` answers; the service's `schemas.py` and `staff_schemas.py` say the same. */
export interface StaffMember {
  login: string;
  name: string;
  role: "agent" | "lead" | "manager" | "admin";
  role_label: string;
  permissions: string[];
}

interface SignedIn {
  staff: StaffMember;
  csrf: string;
  must_change_password: boolean;
  must_enrol_totp: boolean;
}

type SignInAnswer = { step: "code"; half: string } | ({ step: "done" } & SignedIn);

export interface Enrolment {
  secret: string;
  uri: string;
  /** An SVG document to show as a picture. */
  qr: string;
}

/**
 * `unknown`: not asked yet. `unreachable`: the service does not answer, so nobody knows.
 * `out`: nobody is signed in. `code`: the password was right, the second factor is asked for.
 * `password`, `enrol`: signed in, but something has to be done before any work. `in`: the page may be shown.
 */
export type SessionState = "unknown" | "unreachable" | "out" | "code" | "password" | "enrol" | "in";

/** Who is signed in at this browser, and how far. */
export const useSession = defineStore("session", () => {
  const state = ref<SessionState>("unknown");
  const staff = ref<StaffMember | null>(null);
  /** Somebody was signed in and is not any more: said above the form. */
  const hasEnded = ref(false);
  let half = "";

  api.onSignedOut = () => {
    hasEnded.value = ["in", "password", "enrol", "code"].includes(state.value);
    leave();
  };
  // The administrator asks for it while somebody works: the form stands in the way until it is done.
  api.onMustFirst = (what) => {
    if (state.value === "in") state.value = what;
  };

  function enter(answer: SignedIn): void {
    api.csrf = answer.csrf;
    staff.value = answer.staff;
    hasEnded.value = false;
    state.value = answer.must_change_password ? "password" : answer.must_enrol_totp ? "enrol" : "in";
  }

  function leave(): void {
    api.csrf = half = "";
    staff.value = null;
    state.value = "out";
  }

  /** Asks whether the cookie of an earlier visit still holds, and what is still to be done. */
  async function restore(): Promise<void> {
    try {
      enter(await api.get<SignedIn>("/api/staff/me"));
    } catch (problem) {
      if (problem instanceof Refusal && problem.code === OFFLINE) state.value = "unreachable";
      else if (state.value !== "out") leave();
    }
  }

  function answered(answer: SignInAnswer): void {
    if (answer.step === "done") {
      enter(answer);
      return;
    }
    half = answer.half;
    state.value = "code";
  }

  async function signIn(login: string, password: string): Promise<void> {
    answered(await api.post<SignInAnswer>("/api/staff/login", { login, password }));
  }

  /** Six digits from the telephone, or a recovery code. */
  async function giveCode(code: string): Promise<void> {
    answered(await api.post<SignInAnswer>("/api/staff/login/code", { half, code }));
  }

  async function changePassword(old: string, fresh: string): Promise<void> {
    await api.post("/api/staff/password", { old, new: fresh });
    await restore();
  }

  const beginEnrolment = (): Promise<Enrolment> => api.post<Enrolment>("/api/staff/totp/begin");

  /** @returns the recovery codes, which are shown this once; `restore` goes on from there */
  async function confirmEnrolment(code: string): Promise<string[]> {
    return (await api.post<{ codes: string[] }>("/api/staff/totp/confirm", { code })).codes;
  }

  async function signOut(): Promise<void> {
    try {
      await api.post("/api/staff/logout");
    } finally {
      leave();
    }
  }

  const may = (permission: string): boolean => staff.value?.permissions.includes(permission) ?? false;

  return {
    state, staff, hasEnded, restore, signIn, giveCode, changePassword, beginEnrolment, confirmEnrolment, signOut, leave, may,
  };
});
