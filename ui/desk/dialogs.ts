import { defineStore } from "pinia";
import { ref } from "vue";

export type DialogName =
  | "transfer" | "lead" | "giveBack" | "snooze" | "close" | "complaint" | "keys" | "commands" | "notices" | "callbacks";

/** Which window lies over the desk, and what the composer is asked to do from outside. */
export const useDialogs = defineStore("dialogs", () => {
  const shown = ref<DialogName | null>(null);
  /** The composer looks at these: a mode to take, words to put in. */
  const wish = ref<{ mode: "reply" | "note"; insert: string | null; count: number }>({
    mode: "reply",
    insert: null,
    count: 0,
  });

  function show(name: DialogName): void {
    shown.value = name;
  }

  function hide(): void {
    shown.value = null;
  }

  function compose(mode: "reply" | "note", insert: string | null = null): void {
    wish.value = { mode, insert, count: wish.value.count + 1 };
  }

  return { shown, wish, show, hide, compose };
});
