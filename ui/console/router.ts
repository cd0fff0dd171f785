import { createRouter, createWebHashHistory, type LocationQueryRaw, type RouteLocationRaw } from "vue-router";
import type { Link } from "./types";
import { texts } from "./texts";

/** The pages of the navigation, in its order; who lacks the permission does not see the page. */
export const PAGES = [
  { path: "/today", label: texts.pages.today, permission: "view_console" },
  { path: "/complaints", label: texts.pages.complaints, permission: "handle_complaint" },
  { path: "/satisfaction", label: texts.pages.satisfaction, permission: "view_console" },
  { path: "/customers", label: texts.pages.customers, permission: "view_customer" },
  { path: "/bot", label: texts.pages.bot, permission: "view_console" },
  { path: "/service", label: texts.pages.service, permission: "view_console" },
  { path: "/team", label: texts.pages.team, permission: "view_console" },
  { path: "/improve", label: texts.pages.improve, permission: "improve" },
  // The least of what its tabs ask for: shared replies are the leads'.
  { path: "/settings", label: texts.pages.settings, permission: "reassign" },
] as const;

const ROWS = { answers: "/answers", contacts: "/contacts", promises: "/promises", queue: "/queue" };
const PATHS: Record<string, string> = {
  ...ROWS,
  complaints: "/complaints",
  customers: "/customers",
  alarms: "/improve",
  team: "/team",
  unanswered: "/bot",
};

/** Where the rows behind a figure are shown; null when the console has no page for them. */
export function rowsOf(link: Link | null | undefined): RouteLocationRaw | null {
  const path = link ? PATHS[link.page] : undefined;
  return path ? { path, query: link?.query as LocationQueryRaw } : null;
}

export const router = createRouter({
  history: createWebHashHistory("/console"),
  routes: [
    { path: "/today", component: () => import("./pages/TodayPage.vue") },
    { path: "/complaints", component: () => import("./ledger/LedgerPage.vue") },
    { path: "/complaints/:id", component: () => import("./ledger/CasePage.vue"), props: true },
    { path: "/satisfaction", component: () => import("./satisfaction/SatisfactionPage.vue") },
    ...Object.entries(ROWS).map(([list, path]) => ({
      path,
      component: () => import("./pages/RowsPage.vue"),
      props: { list },
    })),
    { path: "/conversations/:id", component: () => import("./pages/ConversationPage.vue"), props: true },
    { path: "/customers", component: () => import("./customers/CustomersPage.vue") },
    { path: "/customers/:id", component: () => import("./customers/CustomerPage.vue"), props: true },
    { path: "/bot", component: () => import("./pages/BotPage.vue") },
    { path: "/service", component: () => import("./service/ServicePage.vue") },
    { path: "/team", component: () => import("./pages/TeamPage.vue") },
    { path: "/improve", component: () => import("./improve/ImprovePage.vue") },
    { path: "/improve/alarms/:id", component: () => import("./improve/AlarmPage.vue"), props: true },
    { path: "/improve/actions/:id", component: () => import("./improve/ActionPage.vue"), props: true },
    { path: "/settings", component: () => import("./settings/SettingsPage.vue") },
  ],
});
