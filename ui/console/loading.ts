import { ref, shallowRef, type Ref, type ShallowRef } from "vue";
import { wordsOf } from "../shared/staff/api";

export interface Loaded<T> {
  data: ShallowRef<T | null>;
  isLoading: Ref<boolean>;
  problem: Ref<string>;
  load: () => Promise<void>;
}

/** Something asked from the service: while it is on its way, what it said, or why it did not come. A later asking wins. */
export function useLoaded<T>(ask: () => Promise<T>): Loaded<T> {
  const data = shallowRef<T | null>(null);
  const isLoading = ref(false);
  const problem = ref("");
  let turn = 0;

  async function load(): Promise<void> {
    const mine = ++turn;
    isLoading.value = true;
    try {
      const found = await ask();
      if (mine !== turn) return;
      data.value = found;
      problem.value = "";
    } catch (refused) {
      if (mine === turn) problem.value = wordsOf(refused);
    } finally {
      if (mine === turn) isLoading.value = false;
    }
  }

  return { data, isLoading, problem, load };
}
