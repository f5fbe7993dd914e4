import type { StateChange, SyncState } from "./sync-state.ts";

const setting = "stranger";

/** A state of another generation than its folder, until leftovers of another state are recovered. */
export const foreignGeneration: Required<Pick<StateChange, "settings">> = { settings: [[setting, "yes"]] };

export function hasForeignGeneration(state: Pick<SyncState, "setting">): boolean {
  return state.setting(setting) === "yes";
}

export function clearForeignGeneration(state: SyncState): void {
  if (hasForeignGeneration(state)) state.commit({ settings: [[setting, ""]] });
}
