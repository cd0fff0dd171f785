import { defineStore } from "pinia";
import { ref } from "vue";
import { api, OFFLINE, Refusal } from "./api";

/** What `/api/staff/…` answers; the service's `schemas.py` says the same. */
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
}

/**
 * `unknown`: not asked yet. `out`: nobody is signed in. `in`: the page may be shown.
 * `unreachable`: the service does not answer, so nobody knows.
 */
export type SessionState = "unknown" | "unreachable" | "out" | "in";

/** Who is signed in at this browser. */
export const useSession = defineStore("session", () => {
  const state = ref<SessionState>("unknown");
  const staff = ref<StaffMember | null>(null);
  /** Somebody was signed in and is not any more: said above the form. */
  const hasEnded = ref(false);

  api.onSignedOut = () => {
    hasEnded.value = state.value === "in";
    leave();
  };

  function enter(answer: SignedIn): void {
    api.csrf = answer.csrf;
    staff.value = answer.staff;
    hasEnded.value = false;
    state.value = "in";
  }

  function leave(): void {
    api.csrf = "";
    staff.value = null;
    state.value = "out";
  }

  /** Asks whether the cookie of an earlier visit still holds. */
  async function restore(): Promise<void> {
    try {
      enter(await api.get<SignedIn>("/api/staff/me"));
    } catch (problem) {
      if (problem instanceof Refusal && problem.code === OFFLINE) state.value = "unreachable";
      else leave();
    }
  }

  async function signIn(login: string, password: string): Promise<void> {
    enter(await api.post<SignedIn>("/api/staff/login", { login, password }));
  }

  async function signOut(): Promise<void> {
    try {
      await api.post("/api/staff/logout");
    } finally {
      leave();
    }
  }

  const may = (permission: string): boolean => staff.value?.permissions.includes(permission) ?? false;

  return { state, staff, hasEnded, restore, signIn, signOut, may };
});
