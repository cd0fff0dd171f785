import { ref } from "vue";

const KEY = "zhike:desk:theme";

export const isDark = ref(false);

/** Light unless somebody chose the dark one at this browser. */
export function readTheme(): void {
  let kept: string | null = null;
  try {
    kept = localStorage.getItem(KEY);
  } catch {
    // Nothing is kept here; light it is.
  }
  apply(kept === "dark");
}

export function setDark(dark: boolean): void {
  apply(dark);
  try {
    localStorage.setItem(KEY, dark ? "dark" : "light");
  } catch {
    // Chosen for this page only.
  }
}

function apply(dark: boolean): void {
  isDark.value = dark;
  if (dark) document.documentElement.dataset.theme = "dark";
  else delete document.documentElement.dataset.theme;
}
