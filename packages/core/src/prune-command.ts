import { shellWord } from "./shell-word.ts";

/** Newest versions that the suggested command keeps, unless there are no more. */
const suggestedKeep = 5;

/**
 * The command that frees room which the old versions of a file take.
 * @param oldVersions how many it has beside the current one
 */
export function pruneCommand(path: string, oldVersions: number): string {
  return `holdfast versions prune ${shellWord(path)} --keep ${oldVersions >= suggestedKeep ? suggestedKeep : 1}`;
}
