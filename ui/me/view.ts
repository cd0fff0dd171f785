import { h } from "../widget/dom";
import type { Consent, Me, RightsRequest } from "./api";
import { texts } from "./texts";

export interface Deeds {
  consent: (purpose: string, isGiven: boolean) => void;
  export: () => void;
  deletion: () => void;
  cancelDeletion: (number: string) => void;
}

const when = new Intl.DateTimeFormat("zh-CN", {
  timeZone: "Asia/Shanghai",
  year: "numeric",
  month: "long",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
});
const day = new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", year: "numeric", month: "long", day: "numeric" });

const moment = (at: string): string => when.format(new Date(at));
const dayOf = (at: string): string => day.format(new Date(at));

export function topBar(): HTMLElement {
  return h(
    "header",
    {},
    h("span", { class: "seal", "aria-hidden": "true" }, "知"),
    h("h1", {}, texts.title),
    h("a", { href: "/chat" }, texts.back),
  );
}

export function notVerified(): HTMLElement {
  return section(
    texts.notVerified,
    h("p", {}, texts.notVerifiedWhy),
    h("p", {}, h("a", { class: "button", href: "/chat" }, texts.back)),
  );
}

/** Everything that the page shows of a verified customer. `ready` is the export that was just made. */
export function whole(me: Me, ready: RightsRequest | null, deeds: Deeds): HTMLElement[] {
  const deletion = me.requests.find((one) => one.kind === "deletion" && (one.state === "open" || one.state === "waiting"));
  return [
    h("p", { class: "hello" }, texts.hello(me.name)),
    ...(me.needs_step_up ? [h("p", { class: "note" }, texts.stepUp)] : []),
    profile(me),
    kept(me),
    consents(me.consents, deeds),
    taking(ready, me.needs_step_up, deeds),
    removing(deletion, me.needs_step_up, deeds),
    requests(me.requests),
  ];
}

function profile(me: Me): HTMLElement {
  const rows = me.fields.map((one) =>
    h(
      "div",
      { class: "field" },
      h("dt", {}, one.label),
      h(
        "dd",
        {},
        h("span", { class: "value" }, one.value),
        one.is_stale && h("span", { class: "stale" }, texts.stale),
        h("small", {}, `${texts.source(one.source_label, one.verified_at && dayOf(one.verified_at))} · ${one.purpose}`),
      ),
    ),
  );
  return section(
    texts.profile,
    rows.length ? h("dl", {}, ...rows) : h("p", {}, texts.noProfile),
    h("p", { class: "hint" }, texts.change),
  );
}

function kept(me: Me): HTMLElement {
  return section(
    texts.kept,
    table(
      texts.keptHead,
      me.kept.map((one) => [
        one.label,
        String(one.count),
        one.purpose,
        one.basis_label,
        h("span", {}, one.until, h("small", {}, one.why)),
      ]),
    ),
  );
}

function consents(all: Consent[], deeds: Deeds): HTMLElement {
  const rows = all.map((one) => {
    const since = one.is_given
      ? one.given_at && texts.given(dayOf(one.given_at))
      : one.withdrawn_at && texts.withdrawn(dayOf(one.withdrawn_at));
    const act = one.is_given ? texts.withdraw : texts.agree;
    return h(
      "li",
      { "data-purpose": one.purpose },
      h("span", { class: "words" }, one.words, h("small", {}, since ?? texts.never)),
      h(
        "button",
        {
          type: "button",
          "aria-label": `${act}：${one.words}`,
          onclick: () => deeds.consent(one.purpose, !one.is_given),
        },
        act,
      ),
    );
  });
  return section(texts.consents, h("p", { class: "hint" }, texts.consentsWhy), h("ul", {}, ...rows));
}

function taking(ready: RightsRequest | null, isWeak: boolean, deeds: Deeds): HTMLElement {
  const act = ready?.download
    ? h(
        "p",
        {},
        h("a", { class: "button", href: ready.download, download: true }, texts.download),
        h("small", {}, ready.expires_at && texts.once(moment(ready.expires_at))),
      )
    : h("p", {}, h("button", { type: "button", class: "export", disabled: isWeak, onclick: () => deeds.export() }, texts.makeExport));
  return section(texts.take, h("p", { class: "hint" }, texts.takeWhy), act);
}

function removing(open: RightsRequest | undefined, isWeak: boolean, deeds: Deeds): HTMLElement {
  const parts: HTMLElement[] = [h("p", { class: "hint" }, texts.removeWhy)];
  if (open) {
    parts.push(
      h("p", { class: "note" }, texts.removeTaken(open.number, dayOf(open.due_at))),
      ...(open.waits_for.length ? [h("p", {}, texts.waits(open.waits_for.join("、")))] : []),
      h("p", {}, h("button", { type: "button", onclick: () => deeds.cancelDeletion(open.number) }, texts.removeBack)),
    );
    return section(texts.remove, ...parts);
  }
  const sure = h(
    "p",
    { class: "sure", hidden: true },
    h("span", {}, texts.removeSure),
    h("button", { type: "button", class: "danger", onclick: () => deeds.deletion() }, texts.removeYes),
    h("button", { type: "button", onclick: () => ask(false) }, texts.removeNo),
  );
  const first = h("p", {}, h("button", { type: "button", class: "remove", disabled: isWeak, onclick: () => ask(true) }, texts.removeAsk));
  const ask = (isAsking: boolean): void => {
    first.hidden = isAsking;
    sure.hidden = !isAsking;
    (isAsking ? sure : first).querySelector("button")?.focus();
  };
  return section(texts.remove, ...parts, first, sure);
}

function requests(all: RightsRequest[]): HTMLElement {
  return section(
    texts.requests,
    all.length
      ? table(
          texts.requestsHead,
          all.map((one) => [one.number, one.kind_label, one.state_label, moment(one.requested_at)]),
        )
      : h("p", {}, texts.none),
  );
}

function section(title: string, ...children: Node[]): HTMLElement {
  return h("section", {}, h("h2", {}, title), ...children);
}

function table(head: readonly string[], rows: (string | Node)[][]): HTMLElement {
  return h(
    "div",
    { class: "wide" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...head.map((one) => h("th", { scope: "col" }, one)))),
      // On a phone each cell says itself what it is.
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell, n) => h("td", { "data-head": head[n] }, cell))))),
    ),
  );
}
