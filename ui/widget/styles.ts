import { css, inkOn, readableOn, type Rgb } from "../shared/colour";
import cards from "./styles/cards.css?inline";
import frame from "./styles/frame.css?inline";
import pictures from "./styles/pictures.css?inline";
import panel from "./styles/panel.css?inline";
import survey from "./styles/survey.css?inline";
import thread from "./styles/thread.css?inline";

const SHEETS = [frame, panel, thread, cards, pictures, survey];

/** Surfaces that the accent is read on; the same as in frame.css. */
const SURFACE: Record<"light" | "dark", Rgb> = { light: [255, 253, 249], dark: [36, 32, 28] };

/** Constructed sheets need no permission of the host's content policy; old Safari gets a style element. */
export function applyStyles(root: ShadowRoot): void {
  const text = SHEETS.join("\n");
  if ("adoptedStyleSheets" in Document.prototype) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    root.adoptedStyleSheets = [sheet];
  } else {
    const style = document.createElement("style");
    style.textContent = text;
    (root).append(style);
  }
}

/** The site's own colour instead of ours: filled surfaces as given, words in it only as dark or light as readable. */
export function applyColour(frameElement: HTMLElement, colour: Rgb | null, isDark: boolean): void {
  const { style } = frameElement;
  const names = ["--accent", "--on-accent", "--accent-ink"];
  if (!colour) {
    for (const name of names) style.removeProperty(name);
    return;
  }
  style.setProperty("--accent", css(colour));
  style.setProperty("--on-accent", css(inkOn(colour)));
  style.setProperty("--accent-ink", css(readableOn(colour, SURFACE[isDark ? "dark" : "light"])));
}
