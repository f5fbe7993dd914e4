import { bucketOf, isId, type NodeId, type SpaceId } from "@holdfast/core/ids";
import { joinPath, nameKey, splitPath } from "@holdfast/core/names";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor, Mount, Mounts } from "../actor.ts";
import { roleMay } from "../rights/roles.ts";
import { findGrantedNodes } from "../read/granted-nodes.ts";
import { actorIn } from "../read/look-up.ts";
import { loadMounts } from "../read/mounts.ts";
import type { PlacedNode } from "../read/placed-node.ts";
import type { Operation, Place, SourceReader } from "./operation.ts";

interface Named {
  readonly op?: Operation["op"];
  readonly id?: NodeId;
  readonly fileId?: string;
  readonly place?: Place;
  readonly reader?: SourceReader;
}

/** Ids and paths are those of the actor's space. */
export interface Settled<What> {
  readonly actor: Actor;
  readonly what: What;
  /** The source is in another space than the target, or read by another caller, so only a copy is possible. */
  readonly isAcross: boolean;
}

/**
 * Finds the space of each operation by the nodes that it names. An operation on the caller's nodes, or on unknown
 * nodes, belongs to the caller's space. A mount as a target folder means the mounted folder.
 */
export async function settleSpaces<What extends Named>(
  shards: Shards,
  caller: Actor,
  operations: readonly What[],
): Promise<Settled<What>[]> {
  if (!caller.owns) return operations.map((what) => ({ actor: caller, what, isAcross: what.reader !== undefined }));
  const ids = new Set(operations.flatMap(idsOf));
  const own = await findOwn(shards, caller, ids);
  const made = new Set(operations.flatMap(({ id }) => (id === undefined ? [] : [id as string])));
  const others = [...ids].filter((id) => isForeign(caller, id, own) && !made.has(id));
  const mounts = caller.receives || others.length > 0 ? await loadMounts(shards, caller) : undefined;
  const targets = mounts === undefined ? [] : mounts.values().map(({ targetId }) => targetId);
  const granted = await findGrantedNodes(shards, caller, [...new Set([...others, ...targets])], "create");
  const settling = new Settling(caller, { mounts: mounts ?? new Map(), granted, own });
  return operations.map((operation) => settling.settle(operation));
}

function idsOf({ fileId, place }: Named): NodeId[] {
  return [fileId, place?.parentId].filter((id) => id !== undefined && isId(id)) as NodeId[];
}

/**
 * An id with the caller's bucket may belong to another owner. This is looked up only if anything was ever shared with
 * the caller.
 */
async function findOwn(shards: Shards, caller: Actor, ids: ReadonlySet<NodeId>): Promise<ReadonlySet<NodeId>> {
  const asked = [...ids].filter((id) => bucketOf(id) === caller.bucket);
  if (!caller.receives || asked.length === 0) return new Set(asked);
  const { rows } = await sql<Pick<NodeRow, "id">>`
    select n.id from unnest(${uuidArray(asked)}) as asked (id) cross join lateral (
      select id from shard.nodes where space_id = ${caller.spaceId} and id = asked.id offset 0) n`.execute(
    shards.of(caller.bucket).db,
  );
  return new Set(rows.map(({ id }) => id));
}

function isForeign(caller: Actor, id: NodeId, own: ReadonlySet<NodeId>): boolean {
  return bucketOf(id) !== caller.bucket || !own.has(id);
}

interface View {
  readonly mounts: Mounts;
  readonly granted: ReadonlyMap<NodeId, PlacedNode>;
  /** Ids in the caller's own space; all ids with its bucket if nothing was ever shared with it. */
  readonly own: ReadonlySet<NodeId>;
}

class Settling {
  readonly #caller: Actor;
  readonly #mounts: Mounts;
  readonly #byMount: ReadonlyMap<string, Mount>;
  readonly #granted: ReadonlyMap<NodeId, PlacedNode>;
  readonly #own: ReadonlySet<string>;
  readonly #actors = new Map<SpaceId, Actor>();
  /** Actors of nodes that earlier operations create. */
  readonly #made = new Map<string, Actor>();

  constructor(caller: Actor, { mounts, granted, own }: View) {
    this.#caller = caller;
    this.#own = own;
    this.#mounts = mounts;
    this.#byMount = new Map(mounts.values().map((mount) => [mount.id, mount]));
    this.#granted = granted;
  }

  settle<What extends Named>(asked: What): Settled<What> {
    const operation = asked.op === "copy" && asked.reader === undefined ? this.#followMount(asked) : asked;
    const { fileId, place, reader } = operation;
    const of = fileId === undefined || reader !== undefined ? undefined : this.#actorAt(fileId);
    const to = place === undefined ? undefined : this.#settlePlace(place);
    const isNowhere = to === undefined || (place?.parentId === undefined && place?.path === undefined);
    const actor = (isNowhere ? of : (to?.actor ?? of)) ?? this.#caller;
    const what = to === undefined ? operation : { ...operation, place: to.place };
    if (operation.id !== undefined) this.#made.set(operation.id, actor);
    const isAcross = reader !== undefined || (of !== undefined && of.spaceId !== actor.spaceId);
    return { actor, what, isAcross };
  }

  /** Copies the mounted folder instead of the mount, under the mount's name. */
  #followMount<What extends Named>(operation: What): What {
    const mount = this.#byMount.get(operation.fileId ?? "");
    const target = mount === undefined ? undefined : this.#targetOf(mount);
    if (mount === undefined || target === undefined || !roleMay(target.role, "read")) return operation;
    const { place } = operation;
    const name = place?.name ?? namesOf(mount.path).at(-1);
    const named = place === undefined || place.path !== undefined || name === undefined ? place : { ...place, name };
    return { ...operation, fileId: target.row.id, ...(named === undefined ? {} : { place: named }) };
  }

  /** Returns no actor for a folder that the caller cannot see. The space of the node itself is used then. */
  #settlePlace(place: Place): { readonly actor: Actor | undefined; readonly place: Place } {
    const { parentId, path } = place;
    if (path !== undefined) return this.#settlePath(place, path);
    const mount = parentId === undefined ? undefined : this.#byMount.get(parentId);
    const target = mount === undefined ? undefined : this.#targetOf(mount);
    if (target !== undefined) return { actor: this.#actIn(target), place: { ...place, parentId: target.row.id } };
    const isRoot = parentId === undefined || parentId === "root";
    return { actor: isRoot ? this.#caller : this.#actorOf(parentId), place };
  }

  /** A path through a mount is resolved from the mounted folder. */
  #settlePath(place: Place, fromRoot: string) {
    const names = namesOf(fromRoot);
    const keys = names.map(nameKey);
    for (const mount of this.#mounts.values()) {
      const way = namesOf(mount.path).map(nameKey);
      if (way.length >= keys.length || way.some((key, index) => key !== keys[index])) continue;
      const target = this.#targetOf(mount);
      if (target === undefined) continue;
      const path = joinPath(names.slice(way.length));
      return { actor: this.#actIn(target), place: { ...place, path, under: target.row.id } };
    }
    return { actor: this.#caller, place };
  }

  #targetOf({ targetId, spaceId }: Mount): PlacedNode | undefined {
    const target = this.#granted.get(targetId);
    return target?.row.space_id === spaceId ? target : undefined;
  }

  /** The caller must be able to see a source. A target folder may be invisible to an uploader. */
  #actorAt(id: string): Actor | undefined {
    const node = this.#granted.get(id as NodeId);
    return node === undefined || roleMay(node.role, "read") ? this.#actorOf(id) : undefined;
  }

  /** @returns undefined for a node that the caller cannot see, which counts as not found in any space */
  #actorOf(id: string): Actor | undefined {
    const node = this.#granted.get(id as NodeId);
    if (node !== undefined) return this.#actIn(node);
    return this.#made.get(id) ?? (this.#own.has(id) ? this.#caller : undefined);
  }

  #actIn({ row }: PlacedNode): Actor {
    const known = this.#actors.get(row.space_id);
    if (known !== undefined) return known;
    const actor = actorIn(this.#caller, row.space_id, this.#mounts);
    this.#actors.set(row.space_id, actor);
    return actor;
  }
}

function namesOf(path: string): string[] {
  try {
    return splitPath(path);
  } catch {
    return [];
  }
}
