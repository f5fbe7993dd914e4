import { applyRules, voidOffers } from "../../rules/dormancy.ts";
import { excludedPaths } from "../../state/exclusion.ts";
import { newlyHidden } from "../../rules/newly-hidden.ts";
import { readRules, rulesFrom } from "./read-rules.ts";
import { Rules } from "../../rules/rules.ts";
import type { SyncState } from "../../state/sync-state.ts";
import type { CycleContext } from "../context/cycle-context.ts";

export interface ScanRules {
  readonly settle: () => Promise<Rules>;
  /** Rules about to apply. New items that they hide are ignored already. */
  readonly upcoming: Rules | undefined;
}

export function currentScanRules(context: CycleContext): ScanRules {
  return { settle: () => settleRules(context), upcoming: undefined };
}

/** Previous rules; undefined if no others apply from now on, or if they are unknown */
export function previousScanRules({ state }: CycleContext, ignoreFile: Buffer | undefined): ScanRules | undefined {
  const excluded = state.setting("rules excluded");
  if (excluded === undefined) return undefined;
  const last = new Rules(state.setting("ignore text") ?? "", JSON.parse(excluded) as string[]);
  const { rules: upcoming } = rulesFrom(state, ignoreFile);
  if (last.digest !== state.setting("rules") || last.digest === upcoming.digest) return undefined;
  return { settle: () => Promise.resolve(last), upcoming };
}

/** A change of rules only shows and hides items. */
async function settleRules(context: CycleContext): Promise<Rules> {
  const { state } = context;
  const { rules, text } = await readRules(context.disk, state);
  if (rules.digest !== state.setting("rules")) {
    context.dirty.add("all");
    const changes = applyRules(state, rules, context);
    const hidden = newlyHidden(state, changes.dormant);
    state.commit({
      ...changes,
      offers: voidOffers(state.offers, (id) => changes.synced.has(id)),
      settings: settingsOf(state, rules, text),
    });
    if (hidden !== undefined) context.progress.noteHidden(hidden);
  }
  return rules;
}

function settingsOf(state: SyncState, { digest }: Rules, text: string): (readonly [string, string])[] {
  return [
    ["rules", digest],
    ["ignore text", text],
    ["rules excluded", JSON.stringify(excludedPaths(state))],
  ];
}
