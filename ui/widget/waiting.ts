import { isOpen } from "../shared/hours";
import type { Context } from "./context";
import { h, icon, setText } from "./dom";

export interface Waiting {
  element: HTMLElement;
  update: () => void;
}

/** While a person is awaited: the place, the time to expect, and what can be done meanwhile. */
export function createWaiting(context: Context, leaveNote: () => void): Waiting {
  const { client, settings } = context;
  const { queue } = context.texts;
  const place = h("p", { class: "place", role: "status" });
  const advice = h("p", { class: "advice" });
  const element = h(
    "section",
    { class: "waiting", hidden: true, "aria-label": queue.title },
    h("div", { class: "waiting-head" }, icon("headset"), h("h2", {}, queue.title)),
    place,
    advice,
    h(
      "div",
      { class: "acts" },
      h("button", { type: "button", class: "solid", onclick: leaveNote }, queue.note),
      h("button", { type: "button", class: "quiet", onclick: () => client.cancelRequest() }, queue.cancel),
    ),
  );
  return {
    element,
    update() {
      element.hidden = client.owner !== "queued";
      if (element.hidden) return;
      const { position, waitSeconds } = client;
      const parts: string[] = [];
      if (position !== null) parts.push(queue.place(position));
      if (waitSeconds !== null) parts.push(waitSeconds < 60 ? queue.soon : queue.wait(Math.ceil(waitSeconds / 60)));
      setText(place, parts.join(" · "));
      place.hidden = parts.length === 0;
      setText(advice, isOpen(settings.hours, Date.now()) ? queue.advice : queue.closedNow(settings.hoursText));
    },
  };
}

/** After the end: thanks, and the way to a new conversation. */
export function createEnded(context: Context, onRestart: () => void): Waiting {
  const { client, texts } = context;
  const restart = (): void => {
    client.restart();
    onRestart();
  };
  const element = h(
    "section",
    { class: "ended", hidden: true },
    h("p", { role: "status" }, texts.ended),
    h("button", { type: "button", class: "solid", onclick: restart }, texts.restart),
  );
  return {
    element,
    update() {
      element.hidden = client.owner !== "closed";
    },
  };
}
