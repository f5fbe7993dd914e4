import { randomBytes } from "node:crypto";
import { bucketOf, makeId, type NodeId, toBucket, type UserId } from "@holdfast/core/ids";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import type { NodeJson } from "@holdfast/protocol/values";
import { sql } from "kysely";
import { createUser } from "../accounts/invitations/sign-up.ts";
import { openTestAccounts, type TestAccounts, testPassword } from "../accounts/testing.ts";
import type { Caller } from "../accounts/context/caller.ts";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { blockOf, type BlockWorld, openBlockWorld, startTestPool } from "../../packs/testing.ts";
import type { Cell, Shards } from "../../base/db/shards.ts";
import { startTwoTestShards, type TestDatabaseOptions, type TestDatabases } from "../../base/db/testing.ts";
import type { GrantRow, NodeRow, SpaceRow, VersionRow } from "../../base/db/shard-tables.ts";
import type { Actor } from "../../tree/actor.ts";
import { type Committer, openCommitter } from "../../tree/commit/commit-queue.ts";
import type { Operation } from "../../tree/commit/operation.ts";
import { openViewCommitter } from "../../tree/commit/view-committer.ts";
import { findNode } from "../../tree/read/look-up.ts";
import { describe as described, smallPieces, TestClock } from "../../tree/testing/testing.ts";
import type { OfferWorld } from "../transfers/open-transfers.ts";
import { grantNode } from "./grant-node.ts";

export type Owner = Actor & { readonly email: string };

interface Parts {
  readonly clock: TestClock;
  readonly databases: TestDatabases;
  readonly accounts: TestAccounts;
  readonly pool: BlockPool;
  readonly blocks: BlockWorld;
}

/** Accounts with their own blocks, on two shards and optionally in two cells: buckets up to 2047, and the rest. */
export async function openOwners(options: TestDatabaseOptions & { readonly twoCells?: boolean } = {}): Promise<Owners> {
  const clock = new TestClock();
  const databases = await startTwoTestShards({ fsync: false, ...options });
  const accounts = await openTestAccounts(databases.shards);
  const pool = startTestPool();
  const stores = new Map<Cell, ObjectStore>();
  const store = (cell: Cell) => {
    const made = stores.get(cell) ?? makeMemoryStore({ nowMs: () => clock.nowMs() });
    stores.set(cell, made);
    return made;
  };
  const blocks = await openBlockWorld(pool, { databases, store, clock });
  return new Owners({ clock, databases, accounts, pool, blocks });
}

export class Owners {
  readonly clock: TestClock;
  readonly databases: TestDatabases;
  readonly shards: Shards;
  readonly blocks: BlockWorld;
  readonly committer: Committer;
  readonly inner: Committer;
  readonly world: OfferWorld;
  readonly #parts: Parts;
  #signed = 0;

  constructor(parts: Parts) {
    const { clock, databases, blocks } = parts;
    const { shards } = databases;
    this.#parts = parts;
    this.clock = clock;
    this.databases = databases;
    this.shards = shards;
    this.blocks = blocks;
    const ports = { shards, clock, random: randomBytes, onCommitted: () => {} };
    const log = { warn: () => {}, error: () => {} };
    this.inner = openCommitter({ ...ports, blocks: blocks.service, log, pieces: smallPieces });
    this.committer = openViewCommitter({ shards, blocks: blocks.service }, this.inner);
    const queue = { kick: () => {} };
    const { throttle } = parts.accounts;
    this.world = { ...ports, committer: this.committer, queue, blocks: blocks.service, throttle, pieces: smallPieces };
  }

  dbOf({ spaceId }: Pick<Actor, "spaceId">) {
    return this.shards.ofId(spaceId).db;
  }

  async sign(bucket: number, quotaBytes: number | null = null): Promise<Owner> {
    const id = makeId<UserId>(toBucket(bucket), 1_900_000_000_000, randomBytes(8));
    const number = (this.#signed += 1);
    const email = `${number}@example.org`;
    const user = { email, password: testPassword, name: `N${number}`, admin: false, quotaBytes };
    const row = await createUser(this.#parts.accounts, user, id);
    await sql`update shard.users set email_confirmed_at = 1 where id = ${id}`.execute(this.shards.ofId(id).db);
    const place = { bucket: bucketOf(row.space_id), spaceId: row.space_id, rootId: row.root_id, owns: true };
    return { userId: id, ...place, deviceId: null, grantees: [id], receives: true, email };
  }

  async commit(caller: Actor, operation: Operation): Promise<NodeJson> {
    // A copy acts as a new request, because a caller's mounts are cached.
    const { results } = await this.committer.commit({ ...caller }, [operation]);
    const [result] = results;
    if (result?.status === "committed" && result.node !== undefined) return result.node;
    throw result?.status === "error" || result?.status === "conflict" ? result.error : new Error(described(result));
  }

  async content(caller: Actor, ...texts: string[]) {
    const incoming = texts.filter((text) => text !== "").map((text) => blockOf(Buffer.from(text)));
    await this.blocks.service.store(caller.spaceId, caller.userId, incoming);
    const blocks = incoming.map(({ hash, sizeBytes }) => ({ hash, size: sizeBytes }));
    return { sizeBytes: blocks.reduce((sum, { size }) => sum + size, 0), blocks };
  }

  mkdir(caller: Actor, name: string, parentId = "root"): Promise<NodeJson> {
    return this.commit(caller, { op: "mkdir", place: { parentId, name }, metadata: { about: name } });
  }

  async put(caller: Actor, name: string, text: string, parentId = "root"): Promise<NodeJson> {
    return this.commit(caller, {
      op: "put",
      place: { parentId, name },
      content: await this.content(caller, text),
      onConflict: "replace",
      modifiedAtMicros: 1_000_000 * text.length,
      executable: text.length % 2 === 0,
      private: text.length % 3 === 0,
    });
  }

  async give(owner: Actor, nodeId: string, grant: Pick<GrantRow, "role" | "grantee_id"> & Partial<GrantRow>) {
    const none = { kind: "user" as const, email: null, email_key: null, expires_at: null };
    const node = await findNode(this.shards, owner, nodeId);
    return grantNode(this.world, owner as unknown as Caller, node, { ...none, ...grant });
  }

  async treeOf(who: Pick<Actor, "spaceId">, topId: string): Promise<string[]> {
    const { rows } = await sql<NodeRow & { path: string }>`
      with recursive live as (
        select n.*, '' collate "C" as path from shard.nodes n where n.space_id = ${who.spaceId} and n.id = ${topId}
        union all
        select n.*, live.path || '/' || n.name from live
        join shard.nodes n on n.space_id = live.space_id and n.parent_id = live.id and n.trashed_at is null
      ) select * from live`.execute(this.dbOf(who));
    const lines: string[] = [];
    for (const row of rows) {
      const { kind, path, modified_at, executable, private: isPrivate, target, metadata, created_at, size } = row;
      const { rows: versions } = await sql<VersionRow>`
        select * from shard.versions where space_id = ${who.spaceId} and node_id = ${row.id} order by number`.execute(
        this.dbOf(who),
      );
      const history = versions.map((version) => [
        version.number,
        version.content_id.toString("hex"),
        version.created_by,
        version.created_at,
        version.label,
      ]);
      const attributes = { modified_at, executable, isPrivate, target, metadata };
      lines.push(JSON.stringify({ kind, path, ...attributes, created_at, size, history }));
    }
    return lines.toSorted();
  }

  async namesIn(who: Actor, parentId: string = who.rootId): Promise<{ name: string; id: NodeId }[]> {
    const { rows } = await sql<{ name: string; id: NodeId }>`
      select name, id from shard.nodes
      where space_id = ${who.spaceId} and parent_id = ${parentId} and trashed_at is null order by name`.execute(
      this.dbOf(who),
    );
    return rows;
  }

  async spaceOf(who: Actor): Promise<Pick<SpaceRow, "used_bytes" | "stored_bytes" | "metadata_bytes">> {
    const { rows } = await sql<SpaceRow>`
      select used_bytes, stored_bytes, metadata_bytes from shard.spaces where id = ${who.spaceId}`.execute(
      this.dbOf(who),
    );
    if (rows[0] === undefined) throw new Error("There is no such space.");
    return rows[0];
  }

  async read(who: Actor, texts: readonly string[]): Promise<(string | undefined)[]> {
    const hashes = texts.map((text) => blockOf(Buffer.from(text)).hash);
    const found = await Array.fromAsync(this.blocks.service.read(who.spaceId, hashes));
    return found.map((block) => (block === undefined ? undefined : Buffer.from(block.payload).toString()));
  }

  async close(): Promise<void> {
    await this.blocks.service.close();
    await this.#parts.pool.close();
    await this.databases.stop();
  }
}
