import { HoldfastError } from "@holdfast/core/errors";
import type { ResolvedConflict } from "@holdfast/sync/execute/resolve-conflict";
import { firstProblem, issueWords } from "@holdfast/protocol/issue-words";
import { z } from "zod";
import { digestOf } from "./page/sync-view.ts";
import type { WaitingDeletion } from "./report.ts";
import type { SyncControl } from "./sync-control.ts";
import { parsePath, parseRate } from "./sync-flags.ts";

const chosenDeletions = z.union([
  z.object({ ids: z.array(z.string().max(64)) }),
  // Digest of the deletions that the view listed.
  z.object({ shown: z.string().max(64) }),
]);
const keptOfConflict = z.object({ path: z.string().min(1).max(4096), keep: z.enum(["copy", "original", "both"]) });
const shownRules = z.object({ hash: z.string().max(64) });
/** Values in the format of the options; "": no limit. */
const limits = z.object({ up: z.string().max(32), down: z.string().max(32) });
const somePaths = z.array(z.string().min(1).max(4096)).max(1000).default([]);
const exclusions = z.object({ exclude: somePaths, include: somePaths, free_space: z.boolean().default(false) });

export interface Outcome {
  /** Set if a conflicted copy was kept beside the original. */
  readonly new_path?: string;
  /** Place of the other state in the local trash. */
  readonly trash_path?: string;
}

const acts = {
  pause: (control) => control.pause(),
  resume: (control) => control.resume(),
  "deletions/approve": (control, body) => control.approveDeletions(chosen(body, control.waitingDeletions())),
  "deletions/undo": (control, body) => control.undoDeletions(chosen(body, control.waitingDeletions())),
  "conflicts/keep": async (control, body) => {
    const { path, keep } = parsed(keptOfConflict, body);
    return outcomeOf(await control.resolveConflict(path, keep));
  },
  "rules/approve": (control, body) => control.approveRules(parsed(shownRules, body).hash),
  limits: (control, body) => control.changeLimits(readLimits(body)),
  exclusions: (control, body) => {
    const { exclude, include, free_space } = parsed(exclusions, body);
    const plain = (paths: readonly string[]): string[] => paths.map((path) => parsePath(path, "The path"));
    return control.changeExclusions({ exclude: plain(exclude), include: plain(include), freesSpace: free_space });
  },
} satisfies Readonly<Record<string, (control: SyncControl, body: unknown) => Promise<Outcome | void>>>;

export type Action = keyof typeof acts;

export const actions = Object.keys(acts) as readonly Action[];

export function isAction(text: string): text is Action {
  return Object.hasOwn(acts, text);
}

export function outcomeOf({ newPath, trashPath }: ResolvedConflict): Outcome {
  return {
    ...(newPath === undefined ? {} : { new_path: newPath }),
    ...(trashPath === undefined ? {} : { trash_path: trashPath }),
  };
}

/**
 * @throws HoldfastError bad_request for an invalid body; conflict if other deletions wait than were shown; errors of
 * the action
 */
export async function perform(control: SyncControl, action: Action, body: unknown): Promise<Outcome> {
  const act: (control: SyncControl, body: unknown) => Promise<Outcome | void> = acts[action];
  return (await act(control, body)) ?? {};
}

/** @throws HoldfastError bad_request, usage */
export function readLimits(body: unknown): { readonly up: number | null; readonly down: number | null } {
  const { up, down } = parsed(limits, body);
  const read = (text: string, name: string): number | null =>
    parseRate(text.trim() === "" ? undefined : text.trim(), name) ?? null;
  return { up: read(up, "The upload limit"), down: read(down, "The download limit") };
}

/**
 * @param sets sets of deletions that the page may have shown
 * @throws HoldfastError bad_request; conflict if none of the sets was shown
 */
export function chosen(body: unknown, ...sets: readonly (readonly WaitingDeletion[])[]): readonly string[] {
  const choice = parsed(chosenDeletions, body);
  if ("ids" in choice) return choice.ids;
  const shown = sets.find((set) => digestOf(set) === choice.shown);
  if (shown !== undefined) return shown.map(({ id }) => id);
  throw new HoldfastError("conflict", "The waiting changes are not the ones that were shown. Review them again.");
}

/** @throws HoldfastError bad_request */
function parsed<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const result = schema.safeParse(body, { error: issueWords });
  if (result.success) return result.data;
  throw new HoldfastError("bad_request", `${firstProblem(result.error, "The body")}.`);
}
