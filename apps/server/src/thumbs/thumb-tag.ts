import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { NodeJson } from "@holdfast/protocol/values";
import type { AccountWorld } from "../accounts/account-world.ts";
import type { Caller } from "../accounts/caller.ts";
import { idsText, openGrant, openSigner, readIds } from "../accounts/signed-grant.ts";

/**
 * What stands in the address of a thumbnail in place of a token.
 * @param places where besides the caller's own space the list is from: folders, and files that are shared by themselves
 */
export type TagOf = (caller: Caller, places?: readonly string[]) => string;

/** Whose tag it is, as their rows are now, and where it lets look for content. */
export interface OpenedTag {
  readonly caller: Caller;
  readonly places: readonly NodeId[];
}

/**
 * The same all day for one session and one list, so that a browser finds in its cache what it has loaded before. It names the session and
 * gives no right: what may be seen is looked up anew with each thumbnail.
 */
export function openThumbTags(world: Pick<AccountWorld, "secrets" | "clock">): TagOf {
  return (caller, places = []) => {
    const today = Math.floor(world.clock.nowMs() / dayMs);
    const expiresAtMs = (today + limits.thumbTagDays) * dayMs;
    return openSigner(world, caller, "thumb", expiresAtMs)(idsText(places.slice(0, limits.thumbTagPlacesMax)));
  };
}

/** Of a list of nodes from anywhere: the folders in which those lie that are not the caller's own and may have thumbnails. */
export function placesOf(items: readonly Pick<NodeJson, "id" | "parent_id" | "role" | "thumb">[]): string[] {
  const foreign = items.filter(({ role, thumb }) => thumb === true && role !== "owner");
  return [...new Set(foreign.map(({ id, parent_id }) => parent_id ?? id))];
}

/** Undefined for what is no tag, has expired, or is of a session that has ended. */
export async function readThumbTag(
  world: Pick<AccountWorld, "shards" | "secrets" | "clock" | "issuerBound">,
  tag: string,
): Promise<OpenedTag | undefined> {
  const grant = await openGrant(world, "thumb", tag);
  return grant === undefined ? undefined : { caller: grant.caller, places: readIds(grant.facts) as NodeId[] };
}

const dayMs = 86_400_000;
