/** Saved views: a name for a set of filters, kept for one member of staff at this browser. */
export interface SavedView {
  name: string;
  query: Record<string, string>;
}

const MOST = 20;
const keyOf = (login: string): string => `zhike:console:views:${login}`;

export function readViews(login: string): SavedView[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(keyOf(login)) ?? "[]");
    return Array.isArray(found) ? found.filter(isView) : [];
  } catch {
    return [];
  }
}

/** Puts `view` in front; one of the same name gives way. */
export function withView(views: readonly SavedView[], view: SavedView): SavedView[] {
  return [view, ...views.filter((one) => one.name !== view.name)].slice(0, MOST);
}

export function keepViews(login: string, views: readonly SavedView[]): void {
  try {
    localStorage.setItem(keyOf(login), JSON.stringify(views));
  } catch {
    // Kept for this page only.
  }
}

function isView(one: unknown): one is SavedView {
  if (typeof one !== "object" || one === null) return false;
  const { name, query } = one as Partial<SavedView>;
  return typeof name === "string" && typeof query === "object" && Object.values(query).every((value) => typeof value === "string");
}
