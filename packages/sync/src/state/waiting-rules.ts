import { sha256 } from "@holdfast/core/hash";
import type { SyncState } from "./sync-state.ts";

/** The content of the ignore file that another account wrote, and that waits for a person. */
export interface WaitingRules {
  /** See `hashOfRules`. */
  readonly hash: string;
  /** Name of the account; undefined if it is not known. */
  readonly by?: string | undefined;
  /** Patterns in it; 0 for a file that was removed or emptied. */
  readonly lines: number;
  /**
   * It stood in the folder before this state knew any rules, as after the state was lost. It is in force while it waits: what it hides may
   * have been private all the time.
   */
  readonly isInForce?: boolean | undefined;
}

type Settings = Pick<SyncState, "setting">;

const waitingSetting = "rules waiting";
const approvedSetting = "rules approved";

/** @param text of the ignore file, as far as it is read; "" if there is none */
export function hashOfRules(text: string): string {
  return sha256(Buffer.from(text));
}

export function waitingRules(state: Settings): WaitingRules | undefined {
  return readWaiting(state.setting(waitingSetting));
}

/** @param setting the value of `rules waiting` in the state */
export function readWaiting(setting = ""): WaitingRules | undefined {
  return setting === "" ? undefined : (JSON.parse(setting) as WaitingRules);
}

/** Hash of the content that a person approved, until it is in force; "" if there is none. */
export function approvedHash(state: Settings): string {
  return state.setting(approvedSetting) ?? "";
}

export function settingsOfWaiting(
  waiting: WaitingRules | undefined,
  approved: string,
): readonly (readonly [string, string])[] {
  return [
    [waitingSetting, waiting === undefined ? "" : JSON.stringify(waiting)],
    [approvedSetting, approved],
  ];
}

/**
 * They are in force from the next look on.
 * @returns false if others wait, or none; nothing is changed then
 */
export function approveRules(state: Settings & Pick<SyncState, "commit">, hash: string): boolean {
  if (waitingRules(state)?.hash !== hash) return false;
  state.commit({ settings: settingsOfWaiting(undefined, hash) });
  return true;
}
