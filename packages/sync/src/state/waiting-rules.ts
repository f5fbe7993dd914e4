import { sha256 } from "@holdfast/core/hash";
import type { SyncState } from "./sync-state.ts";

/** Ignore file of another account, held for a person. */
export interface WaitingRules {
  /** See `hashOfRules`. */
  readonly hash: string;
  /** Name of the account; undefined: unknown */
  readonly by?: string | undefined;
  /** Number of patterns; 0 for a removed or empty file. */
  readonly lines: number;
  /**
   * The file was in the folder before this state knew any rules, for example after the state was lost. It applies while
   * held, because the items it hides may be private.
   */
  readonly isInForce?: boolean | undefined;
}

type Settings = Pick<SyncState, "setting">;

const waitingSetting = "rules waiting";
const approvedSetting = "rules approved";

/** @param text ignore file as far as it is read; "" if there is none */
export function hashOfRules(text: string): string {
  return sha256(Buffer.from(text));
}

export function waitingRules(state: Settings): WaitingRules | undefined {
  return readWaiting(state.setting(waitingSetting));
}

/** @param setting value of `rules waiting` in the state */
export function readWaiting(setting = ""): WaitingRules | undefined {
  return setting === "" ? undefined : (JSON.parse(setting) as WaitingRules);
}

/** Hash until the approved content is in force; "" if there is none. */
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

/** Applies from the next scan. @returns false: others or none are held; nothing changed */
export function approveRules(state: Settings & Pick<SyncState, "commit">, hash: string): boolean {
  if (waitingRules(state)?.hash !== hash) return false;
  state.commit({ settings: settingsOfWaiting(undefined, hash) });
  return true;
}
