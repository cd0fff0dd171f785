import { ref, type Ref } from "vue";

const now = ref(Date.now());
/** Service's clock minus this machine's, which may be wrong by minutes. */
let difference = 0;
let running: ReturnType<typeof setInterval> | undefined;

/** The service's present moment, once a second, for everything that ticks. */
export function useNow(): Ref<number> {
  running ??= setInterval(() => (now.value = Date.now() + difference), 1000);
  return now;
}

export function setClock(serverNow: number): void {
  difference = serverNow - Date.now();
  now.value = serverNow;
}
