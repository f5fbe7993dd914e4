import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";
import { showMounts } from "../read/look-up.ts";
import { loadMounts } from "../read/mounts.ts";
import { nodeJson } from "../read/node-json.ts";
import { findOwnNodes } from "../read/own-nodes.ts";
import type { JournalPosition } from "./change-token.ts";
import type { Share } from "./share-changes.ts";
import { readHead } from "./start-token.ts";

interface Beginning {
  /** Shares of a single space, which the token does not know. */
  readonly shares: readonly Share[];
  readonly before: readonly ChangeJson[];
  /** Number of entries that still fit in the page. 0: the caller's own journal continues on the next page. */
  readonly room: number;
  /** End of the page in the caller's own space. */
  readonly own: JournalPosition | undefined;
}

interface Begun {
  readonly changes: readonly ChangeJson[];
  /** Undefined: the next page must begin with it. */
  readonly reached: JournalPosition | undefined;
  readonly hasMore: boolean;
}

/**
 * Starts to follow a space at its head, before its content is listed. A mount is listed where its `appeared` entry
 * stands. A mount without that entry came into view silently, because its folder was out of view when the token began.
 */
export async function beginShare(
  shards: ReadShards,
  caller: Actor,
  { shares, before, room, own }: Beginning,
): Promise<Begun> {
  const appeared = new Set(before.flatMap(({ kind, id }) => (kind === "appeared" ? [id] : [])));
  const silent = shares.flatMap(({ mountId }) => (mountId === undefined || appeared.has(mountId) ? [] : [mountId]));
  // A page with no other change takes all of them.
  if (silent.length === shares.length && silent.length > room && (before.length > 0 || room === 0)) {
    return { changes: [], reached: undefined, hasMore: true };
  }
  const [share] = shares;
  const reached = share && (await readHead(shards, share.spaceId));
  if (silent.length === 0 || own === undefined) return { changes: [], reached, hasMore: false };
  const placed = await findOwnNodes(shards.of(caller.bucket), caller, silent);
  const nodes = await showMounts(shards, caller, [...placed.values()]);
  const changes = nodes.map((node) => ({
    seq: own.seq,
    kind: "appeared" as const,
    id: node.row.id,
    node: nodeJson(node),
  }));
  return { changes, reached, hasMore: false };
}

interface Followed {
  readonly positions: readonly JournalPosition[];
  readonly reached: readonly JournalPosition[];
}

/**
 * Positions in spaces of the caller's mounts that are hidden at the moment. They stay in the token, so that the changes
 * arrive when the mount is back.
 */
export async function placesOutOfView(
  shards: ReadShards,
  caller: Actor,
  { positions, reached }: Followed,
): Promise<readonly JournalPosition[]> {
  const others = positions.filter(({ spaceId }) => !reached.some((each) => each.spaceId === spaceId));
  if (others.length === 0 || !caller.owns) return [];
  const mounted = new Set([...(await loadMounts(shards, caller)).values()].map(({ spaceId }) => spaceId));
  return others.filter(({ spaceId }) => mounted.has(spaceId));
}
