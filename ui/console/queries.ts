import { computed, type ComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";

/** The filters of a page stand in its address, so that a link, a saved view or 返回 leads back to the same rows. */
export function useFilters(): {
  filters: ComputedRef<Record<string, string>>;
  set: (changed: Record<string, string | null>) => void;
  replaceAll: (query: Record<string, string>) => void;
} {
  const route = useRoute();
  const router = useRouter();
  const filters = computed(() =>
    Object.fromEntries(
      Object.entries(route.query).flatMap(([key, value]) => (typeof value === "string" && value ? [[key, value]] : [])),
    ),
  );

  function replaceAll(query: Record<string, string>): void {
    void router.push({ path: route.path, query });
  }

  function set(changed: Record<string, string | null>): void {
    const next = Object.entries({ ...filters.value, ...changed });
    replaceAll(Object.fromEntries(next.flatMap(([key, value]) => (value ? [[key, value]] : []))));
  }

  return { filters, set, replaceAll };
}
