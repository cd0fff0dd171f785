import { defineStore } from "pinia";
import { ref } from "vue";
import { api } from "../../shared/staff/api";
import type { CaseTerms, Choice } from "../../shared/staff/case-types";

export interface LedgerTerms extends CaseTerms {
  states: Choice[];
  levels: Choice[];
  categories: Choice[];
  channels: Choice[];
  tiers: Choice[];
}

/** What the ledger's filters let one choose from; asked for once. */
export const useTerms = defineStore("ledger-terms", () => {
  const terms = ref<LedgerTerms | null>(null);

  async function load(): Promise<void> {
    terms.value ??= await api.get<LedgerTerms>("/api/desk/complaint_terms");
  }

  return { terms, load };
});
