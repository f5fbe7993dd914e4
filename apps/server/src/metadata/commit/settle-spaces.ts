import { bucketOf, isId, type NodeId, type SpaceId } from "@holdfast/core/ids";
import { joinPath, nameKey, splitPath } from "@holdfast/core/names";
import { sql } from "kysely";
import { uuidArray } from "../../db/array-parameters.ts";
import type { NodeRow } from "../../db/shard-tables.ts";
import type { Shards } from "../../db/shards.ts";
import type { Actor, Mount, Mounts } from "../actor.ts";
import { roleMay } from "../../rights/roles.ts";
import { findGrantedNodes } from "../read/granted-nodes.ts";
import { actorIn } from "../read/look-up.ts";
import { loadMounts } from "../read/mounts.ts";
import type { PlacedNode } from "../read/placed-node.ts";
import type { Operation, Place } from "./operation.ts";

/** What an operation names: the rest of it does not matter for where it is done. */
interface Named {
  readonly op?: Operation["op"];
  readonly id?: NodeId;
  readonly fileId?: string;
  readonly place?: Place;
}

/** In which space something is to be done: as whom, and with the words that it has there. */
export interface Settled<What> {
  readonly actor: Actor;
  readonly what: What;
  /** What it names lies in another space than the place that it names: only a copy comes over. */
  readonly isAcross: boolean;
}

/**
 * Finds the space of each operation by the nodes that it names. What is in the caller's own space, or nowhere, is done there. A mount as a
 * folder is what it shows.
 */
export async function settleSpaces<What extends Named>(
  shards: Shards,
  caller: Actor,
  operations: readonly What[],
): Promise<Settled<What>[]> {
  if (!caller.owns) return operations.map((what) => ({ actor: caller, what, isAcross: false }));
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

/** Of the caller's bucket an id may still be somebody else's, which takes a look where anything was ever shared with it. */
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
  /** What the caller's own space has, or would have: of its bucket, where nothing was ever shared with it. */
  readonly own: ReadonlySet<NodeId>;
}

class Settling {
  readonly #caller: Actor;
  readonly #mounts: Mounts;
  readonly #byMount: ReadonlyMap<string, Mount>;
  readonly #granted: ReadonlyMap<NodeId, PlacedNode>;
  readonly #own: ReadonlySet<string>;
  readonly #actors = new Map<SpaceId, Actor>();
  /** Of nodes that earlier operations make. */
  readonly #made = new Map<string, Actor>();

  constructor(caller: Actor, { mounts, granted, own }: View) {
    this.#caller = caller;
    this.#own = own;
    this.#mounts = mounts;
    this.#byMount = new Map(mounts.values().map((mount) => [mount.id, mount]));
    this.#granted = granted;
  }

  settle<What extends Named>(asked: What): Settled<What> {
    const operation = asked.op === "copy" ? this.#followMount(asked) : asked;
    const { fileId, place } = operation;
    const of = fileId === undefined ? undefined : this.#actorAt(fileId);
    const to = place === undefined ? undefined : this.#settlePlace(place);
    const isNowhere = to === undefined || (place?.parentId === undefined && place?.path === undefined);
    const actor = (isNowhere ? of : (to?.actor ?? of)) ?? this.#caller;
    const what = to === undefined ? operation : { ...operation, place: to.place };
    if (operation.id !== undefined) this.#made.set(operation.id, actor);
    return { actor, what, isAcross: of !== undefined && of.spaceId !== actor.spaceId };
  }

  /** Whoever copies a mount means what it shows, under the name that it has here. */
  #followMount<What extends Named>(operation: What): What {
    const mount = this.#byMount.get(operation.fileId ?? "");
    const target = mount === undefined ? undefined : this.#targetOf(mount);
    if (mount === undefined || target === undefined || !roleMay(target.role, "read")) return operation;
    const { place } = operation;
    const name = place?.name ?? namesOf(mount.path).at(-1);
    const named = place === undefined || place.path !== undefined || name === undefined ? place : { ...place, name };
    return { ...operation, fileId: target.row.id, ...(named === undefined ? {} : { place: named }) };
  }

  /** Without an actor where the folder is none that the caller sees: the space of the node itself says so then. */
  #settlePlace(place: Place): { readonly actor: Actor | undefined; readonly place: Place } {
    const { parentId, path } = place;
    if (path !== undefined) return this.#settlePath(place, path);
    const mount = parentId === undefined ? undefined : this.#byMount.get(parentId);
    const target = mount === undefined ? undefined : this.#targetOf(mount);
    if (target !== undefined) return { actor: this.#actIn(target), place: { ...place, parentId: target.row.id } };
    const isRoot = parentId === undefined || parentId === "root";
    return { actor: isRoot ? this.#caller : this.#actorOf(parentId), place };
  }

  /** Where the path goes on behind a mount, it begins there. */
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

  /** A place may be where the caller puts something in and sees nothing; what it names itself it must see. */
  #actorAt(id: string): Actor | undefined {
    const node = this.#granted.get(id as NodeId);
    return node === undefined || roleMay(node.role, "read") ? this.#actorOf(id) : undefined;
  }

  /** @returns undefined for what the caller does not see: it is not found, wherever it is to go, and lies in no other space */
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

/** A path that is none is told by the operation itself. */
function namesOf(path: string): string[] {
  try {
    return splitPath(path);
  } catch {
    return [];
  }
}
