import type { ContentKey, Intent, LocalRow } from "../model/trees.ts";
import type { Lacks } from "../model/lacks.ts";

/**
 * What a disk cannot hold stays as it was synced; of what the engine was about to bring when its process ended, it is what came
 * with that.
 * @returns undefined where the disk tells
 */
export function keptBit(
  { lacks }: { readonly lacks: Lacks },
  { before, intent }: { readonly before: LocalRow | undefined; readonly intent: Intent | undefined },
  content: ContentKey | undefined,
): boolean | undefined {
  if (!lacks.has("executable bits")) return undefined;
  if (intent?.content !== undefined && intent.content === content) return intent.executable;
  return before?.executable ?? intent?.executable ?? false;
}
