import { defineStore } from "pinia";
import { ref } from "vue";
import { uuid } from "../../shared/outbox";
import { api, wordsOf } from "../../shared/staff/api";
import type { Acted, Approval, Case, CaseEvent, CaseTerms } from "../../shared/staff/case-types";
import { ElMessage } from "../../shared/staff/element";
import { texts } from "../texts";

const ROOT = "/api/desk/complaints";

/** The complaint on the right: the whole case, its trail, and what may be done with it. */
export const useCases = defineStore("cases", () => {
  const wanted = ref<string | null>(null);
  const shown = ref<Case | null>(null);
  const events = ref<CaseEvent[]>([]);
  const isSound = ref(true);
  const terms = ref<CaseTerms | null>(null);
  const isLoading = ref(false);
  const problem = ref("");

  const refOf = (one: Case): string => one.line.case_number ?? String(one.line.id);

  async function show(reference: string): Promise<void> {
    if (wanted.value !== reference) shown.value = null;
    wanted.value = reference;
    isLoading.value = true;
    problem.value = "";
    try {
      const found = await api.get<Case>(`${ROOT}/${reference}`);
      if (wanted.value !== reference) return;
      shown.value = found;
      await Promise.all([loadEvents(reference), loadTerms()]);
    } catch (refused) {
      problem.value = wordsOf(refused);
    } finally {
      isLoading.value = false;
    }
  }

  function leave(): void {
    wanted.value = null;
    shown.value = null;
    events.value = [];
  }

  async function loadEvents(reference: string): Promise<void> {
    const found = await api.get<{ items: CaseEvent[]; is_sound: boolean }>(`${ROOT}/${reference}/events`);
    events.value = found.items;
    isSound.value = found.is_sound;
  }

  async function loadTerms(): Promise<CaseTerms> {
    terms.value ??= await api.get<CaseTerms>("/api/desk/complaint_terms");
    return terms.value;
  }

  /** Does something with the shown case; says what came of it. @returns whether it was done or asked for */
  async function act(path: string, body: object, done: string): Promise<boolean> {
    const one = shown.value;
    if (!one) return false;
    try {
      const acted = await api.post<Acted>(`${ROOT}/${refOf(one)}/${path}`, { key: uuid(), ...body });
      shown.value = acted.case;
      if (acted.done) ElMessage.success({ message: done, duration: 2_000 });
      else ElMessage.warning(texts.complaint.asked);
      void loadEvents(refOf(acted.case)).catch(() => undefined);
      return true;
    } catch (refused) {
      ElMessage.error(wordsOf(refused));
      // Somebody else may have moved it: show how it stands now.
      void show(refOf(one));
      return false;
    }
  }

  async function decide(approval: Approval, agrees: boolean, note: string): Promise<boolean> {
    try {
      const acted = await api.post<Acted>(`${ROOT}/${approval.case}/approvals/${approval.id}/${agrees ? "agree" : "refuse"}`, { note });
      ElMessage.success(agrees ? texts.complaint.agreed : texts.complaint.refused);
      await show(refOf(acted.case));
      return true;
    } catch (refused) {
      ElMessage.error(wordsOf(refused));
      return false;
    }
  }

  return { wanted, shown, events, isSound, terms, isLoading, problem, show, leave, act, decide, loadTerms, refOf };
});
