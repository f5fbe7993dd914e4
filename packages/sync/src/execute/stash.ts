import { isInPrivate, isPrivateIn } from "../model/privacy.ts";
import type { LocalRow } from "../model/trees.ts";
import { shareAt } from "../model/whereabouts.ts";
import type { Stashed } from "../state/sync-state.ts";
import type { Hands } from "./hands.ts";

/** @param place of the file before it was moved aside */
export function stashOf(
  { state, nowMs }: Pick<Hands, "state" | "nowMs">,
  place: Pick<LocalRow, "parent" | "name" | "isPrivate">,
  { path, contents, keep }: Pick<Stashed, "path" | "contents" | "keep">,
): Stashed {
  const { parent, name } = place;
  const isPrivate = isPrivateIn(place) || isInPrivate(state, parent);
  const share = shareAt(state, state.local, parent);
  return { path, parent, name, contents, keep, isPrivate, share, sinceMs: nowMs() };
}
