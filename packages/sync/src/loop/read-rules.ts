import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import type { SyncState } from "../state/sync-state.ts";
import { excludedPaths } from "../state/exclusion.ts";
import { ignorePath, Rules } from "../rules/rules.ts";

/**
 * The rules as they are now; where the file cannot be read those that were read last. One byte
 * more than counts is read, so that the rules can report what is left out.
 */
export async function readRules(
  disk: LocalDisk,
  state: SyncState,
): Promise<{ readonly rules: Rules; readonly text: string }> {
  const text = (await readText(disk)) ?? state.setting("ignore text") ?? "";
  return { rules: new Rules(text, excludedPaths(state)), text };
}

/** @returns undefined: not known */
async function readText(disk: LocalDisk): Promise<string | undefined> {
  try {
    const stat = await disk.stat(ignorePath);
    if (stat?.kind !== "file") return "";
    return Buffer.from(await disk.readAt(ignorePath, 0, limits.ignoreBytesMax + 1)).toString();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return undefined;
  }
}
