import { ref } from "vue";

/** Off until somebody wants it; kept for this browser. */
export const hasSound = ref(readChoice());
const NOTE_HZ = 660;
const LENGTH_S = 0.18;
let context: AudioContext | null = null;

export function setSound(isOn: boolean): void {
  hasSound.value = isOn;
  try {
    localStorage.setItem("zhike:desk:sound", isOn ? "on" : "off");
  } catch {
    // A browser that keeps nothing forgets this too.
  }
  if (isOn) play();
}

/** Something wants the agent's eyes; heard when sound is on. The title's number says it too. */
export function alertNow(): void {
  if (hasSound.value) play();
}

/** （3）坐席台 · 知客 */
export function setTitle(count: number, title: string): void {
  document.title = count ? `（${count > 99 ? "99+" : count}）${title}` : title;
}

function play(): void {
  context ??= new AudioContext();
  const tone = context.createOscillator();
  const loudness = context.createGain();
  tone.frequency.value = NOTE_HZ;
  loudness.gain.setValueAtTime(0.08, context.currentTime);
  loudness.gain.exponentialRampToValueAtTime(0.0001, context.currentTime + LENGTH_S);
  tone.connect(loudness).connect(context.destination);
  tone.start();
  tone.stop(context.currentTime + LENGTH_S);
}

function readChoice(): boolean {
  try {
    return localStorage.getItem("zhike:desk:sound") === "on";
  } catch {
    return false;
  }
}
