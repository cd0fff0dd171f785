import { ref, type Ref } from "vue";
import { Refusal, wordsOf } from "../shared/staff/api";

export interface Sending {
  isBusy: Ref<boolean>;
  /** What the service says about a field, by the field's name. */
  fields: Ref<Record<string, string>>;
  /** What it says about the whole, or about a field that the form does not show. */
  problem: Ref<string>;
  /** @returns whether it went through */
  send: (work: () => Promise<unknown>) => Promise<boolean>;
  clear: () => void;
}

/** A form on its way to the service: `known` are the fields that stand in it. */
export function useSending(known: readonly string[] = []): Sending {
  const isBusy = ref(false);
  const fields = ref<Record<string, string>>({});
  const problem = ref("");

  function clear(): void {
    fields.value = {};
    problem.value = "";
  }

  async function send(work: () => Promise<unknown>): Promise<boolean> {
    if (isBusy.value) return false;
    isBusy.value = true;
    clear();
    try {
      await work();
      return true;
    } catch (refused) {
      const said = refused instanceof Refusal ? Object.entries(refused.fields) : [];
      fields.value = Object.fromEntries(said.filter(([name]) => known.includes(name)));
      const others = said.filter(([name]) => !known.includes(name)).map(([, words]) => words);
      problem.value = said.length ? others.join(" ") : wordsOf(refused);
      return false;
    } finally {
      isBusy.value = false;
    }
  }

  return { isBusy, fields, problem, send, clear };
}
