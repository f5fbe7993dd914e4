import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import type { SyncState } from "../../state/sync-state.ts";
import { excludedPaths } from "../../state/exclusion.ts";
import { hashOfRules, waitingRules } from "../../state/waiting-rules.ts";
import { ignorePath, Rules } from "../../rules/rules.ts";

interface ReadRules {
  readonly rules: Rules;
  readonly text: string;
}

export async function readRules(disk: LocalDisk, state: SyncState): Promise<ReadRules> {
  return rulesFrom(state, await readIgnoreFile(disk));
}

/**
 * Returns the previous rules if the file is unreadable or held for a person.
 * @param bytes from `readIgnoreFile`
 */
export function rulesFrom(state: SyncState, bytes: Buffer | undefined): ReadRules {
  const last = state.setting("ignore text") ?? "";
  const read = bytes?.toString() ?? last;
  const waiting = waitingRules(state);
  const text = waiting !== undefined && hashOfRules(read) === waiting.hash ? last : read;
  return { rules: new Rules(text, excludedPaths(state)), text };
}

/**
 * Reads one byte more than the limit, so that the rules can report ignored content.
 * @returns undefined: unknown; empty: no file
 */
export async function readIgnoreFile(disk: LocalDisk): Promise<Buffer | undefined> {
  try {
    const stat = await disk.stat(ignorePath);
    if (stat?.kind !== "file") return Buffer.alloc(0);
    return Buffer.from(await disk.readAt(ignorePath, 0, limits.ignoreBytesMax + 1));
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return undefined;
  }
}
