import { isInPrivate, isPrivateIn } from "../model/privacy.ts";
import type { LocalRow } from "../model/trees.ts";
import { shareAt } from "../model/enclosing-share.ts";
import type { Stashed } from "../state/stashed.ts";
import type { ExecutionContext } from "./execution-context.ts";

/**
 * @param place before the move
 * @param id undefined: no file with this ID remains elsewhere
 */
export function stashOf(
  { state, nowMs }: Pick<ExecutionContext, "state" | "nowMs">,
  place: Pick<LocalRow, "parent" | "name" | "isPrivate">,
  { path, contents, keep, id }: Pick<Stashed, "path" | "contents" | "keep" | "id">,
): Stashed {
  const { parent, name } = place;
  const isPrivate = isPrivateIn(place) || isInPrivate(state, parent);
  const share = shareAt(state, state.local, parent);
  return { path, id, parent, name, contents, keep, isPrivate, share, sinceMs: nowMs() };
}
