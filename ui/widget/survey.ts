import type { SurveyFrame, SurveyQuestion } from "../shared/protocol";
import type { Context } from "./context";
import { h, setText } from "./dom";
import type { Waiting } from "./waiting";

const MAX_REASON = 500;
const SVG = "http://www.w3.org/2000/svg";
/** How far the mouth bends, worst to best. */
const MOUTHS = ["M8 17q4-5 8 0", "M8 16.5q4-3 8 0", "M8 16h8", "M8 15q4 3 8 0", "M7.5 14q4.5 6 9 0"];

/** Asks how it was, one question at a time; nothing is chosen beforehand, and all of it can be skipped. */
export function createSurvey(context: Context, onDone: () => void): Waiting {
  const { client } = context;
  const texts = context.texts.survey;
  const step = h("p", { class: "survey-step" });
  const body = h("div");
  const problem = h("p", { class: "survey-problem", role: "alert" });
  const element = h(
    "section",
    { class: "survey", hidden: true, "aria-label": texts.title },
    step,
    body,
    problem,
  );
  let shown = "";

  const send = (answers: Record<string, number | string | boolean>): void => {
    setText(problem, client.answerSurvey(answers) ? "" : texts.offline);
  };
  const skip = (): HTMLElement =>
    h("button", { type: "button", class: "quiet", onclick: () => send({ skip: true }) }, texts.skip);

  function drawScale(question: SurveyQuestion, low: number, high: number): void {
    const hasFaces = question.labels.length === high - low + 1;
    const form = h("form", {
      onsubmit: (event: Event) => {
        event.preventDefault();
        const chosen = form.querySelector<HTMLInputElement>("input:checked");
        if (chosen) send({ [question.key]: Number(chosen.value) });
      },
    });
    const next = h("button", { type: "submit", class: "solid", disabled: true }, texts.next);
    const options: HTMLElement[] = [];
    for (let value = low; value <= high; value++) {
      const words = hasFaces ? texts.label(question.key, value - low, question.labels[value - low] ?? "") : String(value);
      const end = value === low ? 0 : value === high ? 1 : -1;
      // A number alone says nothing to who cannot see which end of the row it stands at.
      const name = hasFaces || end < 0 ? words : `${words} ${texts.label(question.key, end, question.labels[end] ?? "")}`;
      const input = h("input", {
        type: "radio",
        name: "survey",
        value,
        "aria-label": name,
        onchange: () => (next.disabled = false),
      });
      options.push(
        h("label", { class: hasFaces ? "face" : "mark" }, input, hasFaces && face(value - low), h("span", {}, words)),
      );
    }
    const ends = !hasFaces && h(
      "div",
      { class: "ends", "aria-hidden": "true" },
      ...question.labels.map((words, at) => h("span", {}, texts.label(question.key, at, words))),
    );
    form.append(
      h(
        "fieldset",
        { role: "radiogroup", "aria-labelledby": "survey-question" },
        legend(question),
        h("div", { class: "options" }, ...options),
        ends,
      ),
      h("div", { class: "acts" }, next, skip()),
    );
    body.replaceChildren(form);
  }

  function drawReason(question: SurveyQuestion): void {
    const left = h("span", { class: "survey-left" });
    const area = h("textarea", { rows: 2, "aria-labelledby": "survey-question", placeholder: texts.reason });
    const button = h("button", { type: "submit", class: "solid" }, texts.send);
    const count = (): void => {
      // As the server counts: characters, not halves of an emoji.
      const rest = MAX_REASON - Array.from(area.value).length;
      setText(left, rest >= 0 ? context.texts.left(rest) : context.texts.over(-rest));
      button.disabled = rest < 0;
    };
    area.addEventListener("input", count);
    count();
    const form = h(
      "form",
      {
        onsubmit: (event: Event) => {
          event.preventDefault();
          const reason = area.value.trim();
          send(reason ? { [question.key]: reason, done: true } : { done: true });
        },
      },
      legend(question),
      h("div", { class: "survey-text" }, area),
      left,
      h("div", { class: "acts" }, button, skip()),
    );
    body.replaceChildren(form);
  }

  function legend(question: SurveyQuestion): HTMLElement {
    return h("h2", { id: "survey-question", tabindex: -1 }, texts.question(question.key, question.text));
  }

  function drawThanks(survey: SurveyFrame): void {
    const close = (): void => {
      client.dropSurvey();
      onDone();
    };
    body.replaceChildren(
      h("p", { class: "survey-thanks", role: "status" }, texts.thanks(survey.agentName, survey.isSkipped, survey.thanks)),
      h("div", { class: "acts" }, h("button", { type: "button", class: "quiet", onclick: close }, texts.close)),
    );
  }

  return {
    element,
    update() {
      const { survey } = client;
      element.hidden = !survey;
      if (!survey) {
        shown = "";
        return;
      }
      const at = survey.questions.findIndex((question) => !(question.key in survey.answers));
      const question = survey.isOpen ? survey.questions[at] : undefined;
      const key = `${survey.id}:${question?.key ?? "thanks"}`;
      if (key === shown) return;
      // What stands there already keeps its place; only a next question takes the focus along.
      const isNext = shown.startsWith(survey.id);
      shown = key;
      setText(problem, "");
      setText(step, question ? texts.step(at + 1, survey.questions.length) : "");
      if (!question) drawThanks(survey);
      else if (question.low === null || question.high === null) drawReason(question);
      else drawScale(question, question.low, question.high);
      if (isNext && question) body.querySelector<HTMLElement>("#survey-question")?.focus();
    },
  };
}

/** Decoration only: the words stand below it. */
function face(at: number): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", `M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18Z M9 9.4v.4 M15 9.4v.4 ${MOUTHS[at] ?? ""}`);
  svg.append(path);
  return svg;
}
