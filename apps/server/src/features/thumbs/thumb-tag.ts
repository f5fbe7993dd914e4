import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { NodeJson } from "@holdfast/protocol/values";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import type { Caller } from "../accounts/context/caller.ts";
import { idsText, openGrant, openSigner, readIds } from "../accounts/callers/signed-grant.ts";

/**
 * Tag for thumbnail URLs in place of a token.
 * @param places folders and shared files of the list outside the caller's own space
 */
export type TagOf = (caller: Caller, places?: readonly string[]) => string;

export interface OpenedTag {
  readonly caller: Caller;
  readonly places: readonly NodeId[];
}

/**
 * The tag is constant for a day, session and list, so that browsers can cache thumbnails. It names the session but
 * grants no rights: each request checks access.
 */
export function openThumbTags(world: Pick<AccountWorld, "secrets" | "clock">): TagOf {
  return (caller, places = []) => {
    const today = Math.floor(world.clock.nowMs() / dayMs);
    const expiresAtMs = (today + limits.thumbTagDays) * dayMs;
    return openSigner(world, caller, "thumb", expiresAtMs)(idsText(places.slice(0, limits.thumbTagPlacesMax)));
  };
}

/** Folders of nodes with thumbnails that are not the caller's own. */
export function placesOf(items: readonly Pick<NodeJson, "id" | "parent_id" | "role" | "thumb">[]): string[] {
  const foreign = items.filter(({ role, thumb }) => thumb === true && role !== "owner");
  return [...new Set(foreign.map(({ id, parent_id }) => parent_id ?? id))];
}

/** @returns undefined for an invalid or expired tag, or an ended session */
export async function readThumbTag(
  world: Pick<AccountWorld, "shards" | "secrets" | "clock" | "issuerBound">,
  tag: string,
): Promise<OpenedTag | undefined> {
  const grant = await openGrant(world, "thumb", tag);
  return grant === undefined ? undefined : { caller: grant.caller, places: readIds(grant.facts) as NodeId[] };
}

const dayMs = 86_400_000;
