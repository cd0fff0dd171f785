import { allowedUrl } from "../shared/links";
import type { Card, CaseCard, OrderCard, ProductCard, TimelineEntry } from "../shared/protocol";
import { moment, money, timestamp } from "../shared/times";
import type { Context } from "./context";
import { attr, copyText, h, icon, setText } from "./dom";
import { evidenceCard } from "./pictures";

const SHOWN_ITEMS = 3;
/** States that want no attention any more. */
const QUIET_STATES = ["completed", "cancelled", "returned"];

/** An order, a product or a case as something to look at, not to read. */
export function cardElement(card: Card, context: Context): HTMLElement {
  switch (card.type) {
    case "order":
      return orderCard(card, context);
    case "product":
      return productCard(card, context);
    case "case":
      return caseCard(card, context);
    case "evidence":
      return evidenceCard(card, context);
  }
}

function orderCard(card: OrderCard, context: Context): HTMLElement {
  const { order, times } = context.texts;
  const hidden = card.items.length - SHOWN_ITEMS;
  const expected = card.expected && !["delivered", ...QUIET_STATES].includes(card.state) ? card.expected : "";
  return h(
    "section",
    { class: "card", "aria-label": `${order.title} ${card.number}` },
    h(
      "div",
      { class: "card-head" },
      h("span", { class: "card-number" }, `${order.title} ${card.number}`),
      h("span", { class: "state", "data-quiet": QUIET_STATES.includes(card.state) }, card.state_label),
    ),
    h(
      "ul",
      { class: "items" },
      ...card.items
        .slice(0, SHOWN_ITEMS)
        .map((item) =>
          h(
            "li",
            {},
            picture(item.picture, context),
            h("span", { class: "item-name" }, item.name),
            h(
              "span",
              { class: "item-price" },
              money(item.price),
              h("span", { class: "quantity" }, `× ${item.quantity}`),
            ),
          ),
        ),
    ),
    hidden > 0 && h("p", { class: "more" }, order.more(hidden)),
    h("p", { class: "total" }, h("span", {}, order.total), h("strong", {}, money(card.amount))),
    expected && h("p", { class: "expected" }, order.expected(moment(expected, times))),
    card.tracking_number && trackingLine(card, context),
    card.timeline.length > 0 && timeline(card.timeline, context),
  );
}

function trackingLine(card: OrderCard, context: Context): HTMLElement {
  const { order } = context.texts;
  return h(
    "p",
    { class: "tracking" },
    h("span", { class: "label" }, card.carrier || order.carrier),
    h("span", { class: "number" }, card.tracking_number),
    copyButton(card.tracking_number, context),
  );
}

function copyButton(value: string, context: Context): HTMLElement {
  const { order } = context.texts;
  const words = h("span", { "aria-live": "polite" }, order.copy);
  const button = h(
    "button",
    { type: "button", class: "copy", onclick: () => void copy() },
    icon("copy"),
    words,
    h("span", { class: "off" }, order.copyNumber(value)),
  );
  async function copy(): Promise<void> {
    if (!(await copyText(value, context.root))) return;
    setText(words, order.copied);
    setTimeout(() => setText(words, order.copy), 2_000);
  }
  return button;
}

let timelines = 0;

/** The newest step; the others on demand. */
function timeline(entries: readonly TimelineEntry[], context: Context): HTMLElement {
  const { order, times } = context.texts;
  const newestFirst = [...entries].sort((a, b) => timestamp(b.at) - timestamp(a.at));
  const id = `timeline-${(timelines += 1)}`;
  const list = h(
    "ol",
    { class: "timeline", id },
    ...newestFirst.map((entry, index) =>
      h(
        "li",
        { hidden: index > 0 },
        h("span", { class: "step" }, entry.title),
        entry.detail && h("span", { class: "detail" }, entry.detail),
        h("time", { datetime: entry.at }, moment(entry.at, times)),
      ),
    ),
  );
  const label = h("span", {}, order.showTimeline(newestFirst.length));
  const toggle = h(
    "button",
    { type: "button", class: "toggle", "aria-expanded": "false", "aria-controls": id, onclick: () => flip() },
    label,
    icon("down"),
  );
  function flip(): void {
    const isOpen = toggle.getAttribute("aria-expanded") === "true";
    attr(toggle, "aria-expanded", String(!isOpen));
    setText(label, isOpen ? order.showTimeline(newestFirst.length) : order.hideTimeline);
    for (const step of [...list.children].slice(1)) (step as HTMLElement).hidden = isOpen;
  }
  return h("div", { class: "steps" }, list, newestFirst.length > 1 && toggle);
}

function productCard(card: ProductCard, context: Context): HTMLElement {
  return h(
    "section",
    { class: "card product", "aria-label": `${context.texts.product.title} ${card.name}` },
    picture(card.picture, context),
    h(
      "div",
      { class: "product-words" },
      h("span", { class: "item-name" }, card.name),
      h(
        "span",
        { class: "product-foot" },
        h("strong", {}, money(card.price)),
        card.stock_label && h("span", { class: "state" }, card.stock_label),
      ),
    ),
  );
}

function caseCard(card: CaseCard, context: Context): HTMLElement {
  const texts = context.texts;
  return h(
    "section",
    { class: "card case", "aria-label": `${texts.case.title} ${card.number}` },
    h(
      "div",
      { class: "card-head" },
      h("span", { class: "card-number" }, texts.case.title),
      h("span", { class: "state" }, card.state_label),
    ),
    h("p", { class: "case-number" }, h("strong", {}, card.number), copyButton(card.number, context)),
    card.promised_at && h("p", { class: "expected" }, texts.case.promised(moment(card.promised_at, texts.times))),
  );
}

/** A picture from an allowed host, or a drawing in its place: while there is none, and when it does not load. */
function picture(address: string | null, context: Context): HTMLElement {
  const frame = h("span", { class: "picture" }, icon("box"));
  const url = address ? allowedUrl(address, context.settings.origin, context.hosts) : null;
  if (!url) return frame;
  // Decoration: the name stands beside it.
  const image = h("img", { src: url, alt: "", width: 56, height: 56, referrerpolicy: "no-referrer", decoding: "async" });
  image.addEventListener("error", () => image.remove());
  frame.append(image);
  return frame;
}
