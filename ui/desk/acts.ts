import { Refusal, wordsOf } from "../shared/staff/api";
import type { Command, WrapUp } from "../shared/staff/desk-protocol";
import { ElMessage } from "../shared/staff/element";
import { useDesk } from "./desk";
import { texts } from "./texts";

/** What can be done with the conversation in the middle; each says what came of it, and whether it was done. */
export function useActs() {
  const desk = useDesk();

  async function act(command: Command, done = ""): Promise<boolean> {
    try {
      await desk.live().command(command);
      if (done) ElMessage.success({ message: done, duration: 2_000 });
      return true;
    } catch (problem) {
      ElMessage.error({ message: wordsOf(problem), duration: 6_000 });
      if (problem instanceof Refusal && problem.code === "already_taken" && "conversation" in command) {
        desk.lost.set(command.conversation, problem.message);
      }
      return false;
    }
  }

  const here = (): string => desk.current ?? "";
  return {
    take: async (conversation = here()) => {
      const isDone = await act({ type: "take", conversation });
      if (isDone) {
        desk.list = "mine";
        desk.open(conversation);
      }
      return isDone;
    },
    stepIn: () => act({ type: "step_in", conversation: here() }, texts.acts.steppedIn),
    returnToBot: (note: string) => {
      const asked = { type: "return_to_bot", conversation: here() } as const;
      return act(note ? { ...asked, note } : asked, texts.acts.returned);
    },
    askLead: (note: string) => act({ type: "ask_lead", conversation: here(), note }, texts.acts.leadAsked),
    transfer: (to: { to_staff: number } | { to_skill: string }, note: string) =>
      act({ type: "transfer", conversation: here(), ...to, note }, texts.acts.transferred),
    snooze: (until: string) => act({ type: "snooze", conversation: here(), until }, texts.acts.snoozed),
    unsnooze: () => act({ type: "unsnooze", conversation: here() }),
    close: (wrapUp: WrapUp) => act({ type: "close", conversation: here(), wrap_up: wrapUp }, texts.acts.closed),
  };
}
