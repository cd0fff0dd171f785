import type { Context } from "./context";
import { attr, h, icon, setText } from "./dom";

export interface Header {
  element: HTMLElement;
  update: () => void;
}

/** Who is speaking, the way to a person, and the connection when it is bad. */
export function createHeader(context: Context, onMinimise: (() => void) | null): Header {
  const { client, texts } = context;
  const status = h("p", { class: "status" });
  const humanLabel = h("span", {});
  const human = h("button", { type: "button", class: "human", onclick: () => ask() }, icon("headset"), humanLabel);
  const bar = h("div", { class: "connection", role: "status" });
  const element = h(
    "header",
    { class: "header" },
    h(
      "div",
      { class: "bar" },
      seal(),
      h("div", { class: "who" }, h("h1", { id: "title" }, texts.assistant), status),
      human,
      onMinimise &&
        h("button", { type: "button", class: "plain", "aria-label": texts.minimise, onclick: onMinimise }, icon("down")),
    ),
    bar,
  );

  function ask(): void {
    if (client.owner === "bot") client.requestHuman();
  }

  function update(): void {
    const { owner } = client;
    const agent = owner === "human" ? client.entries.filter((entry) => entry.agentName).at(-1)?.agentName : null;
    setText(status, agent ? texts.status.humanNamed(agent) : texts.status[owner]);
    const isTaken = owner === "human";
    setText(humanLabel, isTaken ? texts.human.taken : owner === "queued" ? texts.human.waiting : texts.human.ask);
    attr(human, "aria-disabled", owner === "bot" ? null : "true");
    const connection = client.connection;
    const isBad = connection === "offline" || connection === "connecting";
    setText(bar, isBad ? texts.connection[connection] : "");
    attr(bar, "data-state", isBad ? connection : null);
  }

  return { element, update };
}

/** The shop's seal: 知 for 知客, as it would stand on paper. */
export function seal(): HTMLElement {
  return h("span", { class: "seal", "aria-hidden": "true", lang: "zh-CN" }, "知");
}
