import type { StateChange, SyncState } from "./sync-state.ts";

const setting = "stranger";

/** A state of another generation than its folder, until leftovers of another state are recovered. */
export const strange: Required<Pick<StateChange, "settings">> = { settings: [[setting, "yes"]] };

export function isStranger(state: Pick<SyncState, "setting">): boolean {
  return state.setting(setting) === "yes";
}

export function endStrangeness(state: SyncState): void {
  if (isStranger(state)) state.commit({ settings: [[setting, ""]] });
}
