import { defineStore } from "pinia";
import { reactive } from "vue";
import { api, wordsOf } from "../shared/staff/api";
import type { Context } from "./context";

interface Held {
  context: Context | null;
  isLoading: boolean;
  problem: string;
  /** The suggestion that was put aside. */
  dismissed: string | null;
}

/** What is known about a conversation and its customer; asked again when the customer has spoken. */
export const useContexts = defineStore("contexts", () => {
  const held = reactive(new Map<string, Held>());

  function of(conversation: string): Held {
    if (!held.has(conversation)) {
      held.set(conversation, { context: null, isLoading: false, problem: "", dismissed: null });
    }
    return held.get(conversation) as Held;
  }

  async function load(conversation: string): Promise<void> {
    const one = of(conversation);
    one.isLoading = true;
    one.problem = "";
    try {
      one.context = await api.get<Context>(`/api/desk/conversations/${conversation}/context`);
    } catch (problem) {
      one.problem = wordsOf(problem);
    } finally {
      one.isLoading = false;
    }
  }

  return { of, load };
});
