import assert from "node:assert/strict";
import type { GrantId, GroupId, NodeId } from "@holdfast/core/ids";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { tablePlaces } from "../../base/db/bucket-columns.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { openTestAccounts, type TestAccounts } from "../../features/accounts/testing.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { bucketOfEmail } from "../../features/accounts/context/email-address.ts";
import { addressKinds } from "../../features/accounts/people/change-address.ts";
import { createGroup } from "../../features/groups/change-groups.ts";
import { removeMember, setMember } from "../../features/groups/change-members.ts";
import { groupKinds } from "../../features/groups/group-messages.ts";
import { callerFor, createUserIn } from "../../features/groups/testing.ts";
import { claimKinds } from "../../features/sharing/claim-pending.ts";
import { sharingKinds } from "../../features/sharing/deliver.ts";
import { grantNode } from "../../features/sharing/grant-node.ts";
import { findActor, mountFolder } from "../../features/sharing/mounts.ts";
import { listSharedWithMe } from "../../features/sharing/shared-lists.ts";
import { openTestSharing } from "../../features/sharing/testing.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { GroupRole } from "../../base/db/group-tables.ts";
import { findNode, findNodes } from "../../tree/read/look-up.ts";
import { loadMounts } from "../../tree/read/mounts.ts";
import { repairShardCopies } from "./repair-copies.ts";

type ShardName = "low" | "high";
type Sharing = ReturnType<typeof openTestSharing>;

/** Two people who share on two shards. Messages run when a test settles. */
export class CopiesScene {
  readonly databases: TestDatabases;
  readonly accounts: TestAccounts;
  readonly world: Sharing["world"];
  readonly #queue: Sharing["queue"];
  /** On the low shard, like the groups. */
  owner!: UserRow;
  /** On the high shard. */
  member!: UserRow;
  #people = 0;

  private constructor(databases: TestDatabases, accounts: TestAccounts, sharing: Sharing) {
    this.databases = databases;
    this.accounts = accounts;
    this.world = sharing.world;
    this.#queue = sharing.queue;
  }

  static async open(): Promise<CopiesScene> {
    const databases = await startTwoTestShards({ fsync: false });
    const accounts = await openTestAccounts(databases.shards);
    const sharing = openTestSharing(databases.shards, accounts.clock, (given) => ({
      ...sharingKinds(given),
      ...groupKinds(given),
      ...claimKinds(given),
      ...addressKinds(databases.shards),
    }));
    return new CopiesScene(databases, accounts, sharing);
  }

  async begin(): Promise<void> {
    this.#people += 1;
    this.owner = await createUserIn(this.accounts, 7, `owner${this.#people}@example.org`);
    this.member = await createUserIn(this.accounts, 4000, `member${this.#people}@example.org`);
    await this.settle();
  }

  async end(): Promise<void> {
    assert.deepEqual(await this.repair(["low", "high"], true), {}, "a second run finds no difference");
  }

  async close(): Promise<void> {
    await this.#queue.stop();
    await this.databases.stop();
  }

  near() {
    return this.databases.shards.ofId(this.owner.id).db;
  }

  far() {
    return this.databases.shards.ofId(this.member.id).db;
  }

  async settle(): Promise<void> {
    this.accounts.clock.forwardMs(1000);
    await this.#queue.idle();
  }

  /** @returns the kinds that differed */
  async repair(lost: readonly ShardName[], isDry = false): Promise<Partial<Record<string, number>>> {
    const counts = await repairShardCopies({ ...this.world, lost: new Set(lost) }, isDry);
    if (!isDry) await this.settle();
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  }

  /** Lets a shard lose a change after its messages, and repairs the copies. */
  async repairLoss(lost: ShardName, change: () => Promise<unknown>): Promise<Partial<Record<string, number>>> {
    await this.lose(lost, change);
    const dry = await this.repair([lost], true);
    const repaired = await this.repair([lost]);
    assert.deepEqual(Object.keys(repaired), Object.keys(dry), "a dry run finds the same kinds of differences");
    return repaired;
  }

  lose(lost: ShardName, change: () => Promise<unknown>): Promise<void> {
    return losing(lost === "low" ? this.near() : this.far(), async () => {
      await change();
      await this.settle();
    });
  }

  async callerOf({ id }: Pick<UserRow, "id">): Promise<Caller> {
    const actor = await findActor(this.databases.shards, id);
    assert.ok(actor !== undefined);
    return { ...actor, scopes: new Set(), admin: false, groupIds: [], credential: undefined as never };
  }

  async mkdir(name = "folder"): Promise<NodeId> {
    const operation = { op: "mkdir" as const, place: { parentId: "root", name } };
    const { results } = await this.world.committer.commit(await this.callerOf(this.owner), [operation]);
    const [result] = results;
    assert.ok(result?.status === "committed" && result.node !== undefined);
    return result.node.id as NodeId;
  }

  share(nodeId: NodeId, granteeId: string, kind: "user" | "group" = "user"): Promise<GrantId> {
    return this.#grant(nodeId, { kind, grantee_id: granteeId, email: null, email_key: null });
  }

  shareWithAddress(nodeId: NodeId, email: string): Promise<GrantId> {
    return this.#grant(nodeId, { kind: "pending", grantee_id: null, email, email_key: email });
  }

  async #grant(
    nodeId: NodeId,
    grantee: Pick<Parameters<typeof grantNode>[3], "kind" | "grantee_id" | "email" | "email_key">,
  ): Promise<GrantId> {
    const caller = await this.callerOf(this.owner);
    const node = await findNode(this.databases.shards, caller, nodeId);
    return (await grantNode(this.world, caller, node, { ...grantee, expires_at: null, role: "viewer" })).grant.id;
  }

  async mount(nodeId: NodeId): Promise<void> {
    await mountFolder(this.world, await this.callerOf(this.member), { nodeId, place: {} });
  }

  async canRead(nodeId: NodeId): Promise<boolean> {
    return (await findNodes(this.databases.shards, await this.callerOf(this.member), [nodeId])).has(nodeId);
  }

  async isListed(nodeId: NodeId): Promise<boolean> {
    const { items } = await listSharedWithMe(this.databases.shards, await this.callerOf(this.member), {});
    return items.some(({ node }) => node.id === nodeId);
  }

  async isMounted(nodeId: NodeId): Promise<boolean> {
    const mounts = await loadMounts(this.databases.shards, await this.callerOf(this.member));
    return [...mounts.values()].some(({ targetId }) => targetId === nodeId);
  }

  groupWorld() {
    return { ...this.accounts, queue: this.world.queue };
  }

  administrator() {
    return callerFor(this.owner, true);
  }

  async newGroup(): Promise<GroupId> {
    return (await createGroup(this.accounts, this.administrator(), "group")).id as GroupId;
  }

  join(groupId: GroupId, role: GroupRole = "member", userId: string = this.member.id) {
    return setMember(this.groupWorld(), this.administrator(), { groupId, userId, role });
  }

  leave(groupId: GroupId) {
    return removeMember(this.groupWorld(), this.administrator(), { groupId, userId: this.member.id });
  }

  /** Roles on the group's and on the account's shard, and the group's number of members. */
  async roles(groupId: GroupId): Promise<unknown[]> {
    return [
      ...(await this.rows(sql`select role from shard.group_members where group_id = ${groupId}`)),
      ...(await this.rows(sql`select role from shard.memberships where group_id = ${groupId}`, this.far())),
      ...(await this.rows(sql`select member_count as members from shard.groups where id = ${groupId}`)),
    ];
  }

  mounters(): Promise<unknown[]> {
    return this.rows(sql`select node_id from shard.mounters where user_id = ${this.member.id}`);
  }

  async rows(query: RawBuilder<unknown>, db = this.near()): Promise<unknown[]> {
    return (await query.execute(db)).rows;
  }

  /** @param shard shard of its entry in the directory */
  addressOn(shard: ShardName): string {
    const emails = Array.from({ length: 64 }, (_, number) => `address${this.#people}.${number}@example.org`);
    const email = emails.find((each) => this.databases.shards.of(bucketOfEmail(each)).id === shard);
    assert.ok(email !== undefined);
    return email;
  }
}

/** Sets a database back to its present state after the change, as the promotion of a standby that lacks it does. */
async function losing(db: Kysely<ShardTables>, change: () => Promise<void>): Promise<void> {
  const tables = Object.keys(tablePlaces).filter((table) => !table.startsWith("migration"));
  for (const table of tables) await sql.raw(`create table public.old_${table} as table shard.${table}`).execute(db);
  await change();
  for (const table of tables) {
    await sql.raw(`delete from shard.${table}`).execute(db);
    await sql.raw(`insert into shard.${table} overriding system value select * from public.old_${table}`).execute(db);
    await sql.raw(`drop table public.old_${table}`).execute(db);
  }
}
