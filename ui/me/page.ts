import { browserStore } from "../shared/store";
import { h } from "../widget/dom";
import { Api, Refusal, type RightsRequest } from "./api";
import { texts } from "./texts";
import { notVerified, topBar, whole } from "./view";

/** `/me`: the visitor of the chat page on this very site; without a proof of identity there is nothing to see. */
const root = document.getElementById("me");
const stored = browserStore("chat").read("visitor");
const api = new Api(typeof stored === "string" ? stored : "");
const told = h("p", { class: "told", role: "alert" });
let ready: RightsRequest | null = null;

function show(...parts: Node[]): void {
  root?.replaceChildren(topBar(), told, ...parts, h("footer", {}, h("a", { href: "/privacy" }, texts.privacy)));
}

async function refresh(): Promise<void> {
  try {
    const me = await api.me();
    show(...whole(me, ready, deeds));
  } catch (problem) {
    if (problem instanceof Refusal && problem.code === "not_verified") show(notVerified());
    else tell(problem);
  }
}

/** One deed; what is shown afterwards is what the service says now. */
function deed(work: () => Promise<unknown>): void {
  told.textContent = "";
  work().then(refresh, async (problem: unknown) => {
    await refresh();
    tell(problem);
  });
}

function tell(problem: unknown): void {
  told.textContent = texts.failed + (problem instanceof Error ? problem.message : "");
}

const deeds = {
  consent: (purpose: string, isGiven: boolean) => deed(() => api.consent(purpose, isGiven)),
  export: () =>
    deed(async () => {
      ready = await api.export();
    }),
  deletion: () => deed(() => api.deletion()),
  cancelDeletion: (number: string) => deed(() => api.cancelDeletion(number)),
};

// The link is good for one click: afterwards the page offers a new export.
root?.addEventListener("click", (event) => {
  if (event.target instanceof HTMLAnchorElement && event.target.hasAttribute("download")) {
    ready = null;
    setTimeout(() => void refresh(), 1000);
  }
});

show(h("p", {}, texts.loading));
void refresh();
