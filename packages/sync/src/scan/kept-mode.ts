import type { LocalStat } from "@holdfast/sync-ports/ports";
import type { ContentKey, Intent, LocalRow } from "../model/trees.ts";
import type { MissingFeatures } from "../model/missing-features.ts";

interface Known {
  readonly before: LocalRow | undefined;
  readonly intent: Intent | undefined;
}

/** @param content undefined: unknown */
export function modeOf(
  disk: { readonly missingFeatures: MissingFeatures },
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
 * Returns the synced value if the disk cannot store it, or the downloaded one after an interrupted download. undefined:
 * the disk stores it
 */
function keptBit(
  { missingFeatures }: { readonly missingFeatures: MissingFeatures },
  { before, intent }: Known,
  content: ContentKey | undefined,
): boolean | undefined {
  if (!missingFeatures.has("executable bits")) return undefined;
  if (intent?.content !== undefined && intent.content === content) return intent.executable;
  return before?.executable ?? intent?.executable ?? false;
}

/**
 * Keeps known privacy if the disk lacks modes. Elsewhere, this or an earlier umask may make the engine's items look
 * private, so their mode means nothing until they are seen public. A person's items are as they look.
 * @param seen undefined: the disk does not show it
 */
export function keptPrivacy(
  { missingFeatures }: { readonly missingFeatures: MissingFeatures },
  known: Pick<LocalRow, "isPrivate"> | undefined,
  seen: boolean,
): boolean | undefined {
  if (missingFeatures.has("private modes")) return known?.isPrivate;
  if (!seen || known === undefined) return seen;
  return missingFeatures.has("open modes") || known.isPrivate === undefined ? known.isPrivate : true;
}
