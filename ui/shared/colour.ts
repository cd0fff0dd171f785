/** Colours of the embedding site, bent as far as needed to stay readable (WCAG AA). */

export type Rgb = readonly [number, number, number];

const WHITE: Rgb = [255, 255, 255];
const INK: Rgb = [32, 27, 23];

/** `#1f5b50` or `#15b`; null for anything else. */
export function readColour(written: string | null): Rgb | null {
  const hex = /^#?([\da-f]{3}|[\da-f]{6})$/i.exec(written?.trim() ?? "")?.[1];
  if (!hex) return null;
  const full = hex.length === 3 ? hex.replace(/./g, "$&$&") : hex;
  return [0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16)) as unknown as Rgb;
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast ratio of WCAG 2.1, from 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** What can be read on a filled surface: white where it reaches 4.5 : 1, else whichever reads better. */
export function inkOn(fill: Rgb): Rgb {
  if (contrast(fill, WHITE) >= 4.5) return WHITE;
  return contrast(fill, INK) > contrast(fill, WHITE) ? INK : WHITE;
}

/** The nearest shade of `colour` that reads on `surface` with 4.5 : 1. */
export function readableOn(colour: Rgb, surface: Rgb): Rgb {
  const towards = luminance(surface) > 0.4 ? INK : WHITE;
  for (let step = 0; step < 20; step += 1) {
    const mixed = colour.map((channel, index) =>
      Math.round(channel + ((towards[index] ?? 0) - channel) * (step / 20)),
    ) as unknown as Rgb;
    if (contrast(mixed, surface) >= 4.5) return mixed;
  }
  return towards;
}

export const css = (colour: Rgb): string => `rgb(${colour.join(" ")})`;
