import type { LocalStat } from "@holdfast/sync-ports/ports";
import type { ContentKey, Intent, LocalRow } from "../model/trees.ts";
import type { Lacks } from "../model/lacks.ts";

interface Known {
  readonly before: LocalRow | undefined;
  readonly intent: Intent | undefined;
}

/** The mode that a look found, as far as the disk tells. @param content undefined: not known */
export function modeOf(
  disk: { readonly lacks: Lacks },
  known: Known,
  { executable, isPrivate }: Pick<LocalStat, "executable" | "isPrivate">,
  content: ContentKey | undefined,
): Pick<LocalRow, "executable" | "isPrivate"> {
  return {
    executable: keptBit(disk, known, content) ?? executable,
    isPrivate: keptPrivacy(disk, known.before ?? known.intent, isPrivate),
  };
}

/**
 * What a disk cannot hold stays as it was synced; of what the engine was about to bring when its process ended, it is what came
 * with that.
 * @returns undefined where the disk tells
 */
function keptBit(
  { lacks }: { readonly lacks: Lacks },
  { before, intent }: Known,
  content: ContentKey | undefined,
): boolean | undefined {
  if (!lacks.has("executable bits")) return undefined;
  if (intent?.content !== undefined && intent.content === content) return intent.executable;
  return before?.executable ?? intent?.executable ?? false;
}

/**
 * A disk without modes keeps what is known of an item, as of the executable bit: what this device makes of it is as private.
 * Elsewhere, what the engine made may look private by itself, under this umask or one of an earlier run: of that it tells nothing before it is seen open.
 * An item that a person made is as it looks.
 * @param seen on the disk
 * @returns undefined where the disk does not tell
 */
export function keptPrivacy(
  { lacks }: { readonly lacks: Lacks },
  known: Pick<LocalRow, "isPrivate"> | undefined,
  seen: boolean,
): boolean | undefined {
  if (lacks.has("private modes")) return known?.isPrivate;
  if (!seen || known === undefined) return seen;
  return lacks.has("open modes") || known.isPrivate === undefined ? known.isPrivate : true;
}
