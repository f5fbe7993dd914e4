import { shellWord } from "./shell-word.ts";

/** Newest versions that the suggested command keeps; fewer if there are not as many. */
const suggestedKeep = 5;

/**
 * Returns the command that frees space taken by old versions of a file.
 * @param oldVersions number of versions except the current one
 */
export function pruneCommand(path: string, oldVersions: number): string {
  return `holdfast versions prune ${shellWord(path)} --keep ${oldVersions >= suggestedKeep ? suggestedKeep : 1}`;
}
