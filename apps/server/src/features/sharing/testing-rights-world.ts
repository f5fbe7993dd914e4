import assert from "node:assert/strict";
import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type GrantId, type GroupId, makeId, type NodeId } from "@holdfast/core/ids";
import type { Caller } from "../accounts/context/caller.ts";
import { openTestAccounts, type TestAccounts, makeTestClock } from "../accounts/testing.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { createGroup, deleteGroup } from "../groups/change-groups.ts";
import { removeMember, setMember } from "../groups/change-members.ts";
import { groupKinds } from "../groups/group-messages.ts";
import { callerFor, createUserIn } from "../groups/testing.ts";
import type { Operation } from "../../tree/commit/operation.ts";
import { findNode } from "../../tree/read/look-up.ts";
import type { Queue } from "../../base/queue/open-queue.ts";
import { sharingKinds } from "./deliver.ts";
import { grantNode } from "./grant-node.ts";
import { findActor, mountFolder } from "./mounts.ts";
import { removePermission } from "./permissions.ts";
import type { SharingWorld } from "./sharing-world.ts";
import { openTestSharing } from "./testing.ts";
import {
  type Grantee,
  isLive,
  type ModelGrant,
  type ModelNode,
  mountName,
  RightsModel,
  wayUp,
} from "./testing-model.ts";

/** "skipped": refused for reasons other than rights, such as taken names, cycles or trash. */
type Expected = "done" | "forbidden" | "not_found" | "refused" | "skipped";

/** Offset to keep times before or after now, because the database uses its own clock. */
const behindMs = 3_600_000;
const buckets = [7, 2040, 2050, 4000] as const;
let people = 0;

export class RightsWorld {
  readonly model = new RightsModel();
  readonly shards: Shards;
  readonly #accounts: TestAccounts;
  readonly #world: SharingWorld;
  readonly #queue: Queue;
  readonly #users: readonly UserRow[];
  readonly #groups: ReadonlyMap<string, GroupId>;
  readonly #grantIds = new Map<ModelGrant, GrantId>();
  #names = 0;

  private constructor(
    accounts: TestAccounts,
    opened: ReturnType<typeof openTestSharing>,
    users: readonly UserRow[],
    groups: ReadonlyMap<string, GroupId>,
  ) {
    this.#accounts = accounts;
    this.shards = accounts.shards;
    this.#world = opened.world;
    this.#queue = opened.queue;
    this.#users = users;
    this.#groups = groups;
    for (const group of groups.keys()) this.model.members.set(group, new Set());
    for (const [owner, { root_id: id }] of users.entries()) {
      this.model.nodes.push({ id, owner, kind: "folder", parent: null, name: "", trashedAt: null, isPurged: false });
      this.model.mounts.set(owner, new Map());
    }
  }

  static async open(shards: Shards): Promise<RightsWorld> {
    const accounts = await openTestAccounts(shards, { clock: makeTestClock(Date.now() - behindMs) });
    const opened = openTestSharing(shards, accounts.clock, (world) => ({
      ...sharingKinds(world),
      ...groupKinds(world),
    }));
    const users: UserRow[] = [];
    for (const bucket of buckets) users.push(await createUserIn(accounts, bucket, `person${++people}@example.org`));
    const groups = new Map<string, GroupId>();
    for (const [index, name] of ["some", "others"].entries()) {
      const group = await createGroup(accounts, callerFor(the(users[index * 3]), true), name);
      groups.set(name, group.id as GroupId);
    }
    return new RightsWorld(accounts, opened, users, groups);
  }

  close(): Promise<void> {
    return this.#queue.stop();
  }

  async actor(person: number): Promise<Caller> {
    const { id } = the(this.#users[person]);
    const actor = await findActor(this.shards, id);
    assert.ok(actor !== undefined);
    return { ...actor, scopes: new Set(), admin: false, groupIds: [], credential: undefined as never };
  }

  async settle(): Promise<void> {
    this.#accounts.clock.forwardMs(1000);
    await this.#queue.idle();
    this.#endLapsed();
    for (const [person, mounts] of this.model.mounts) {
      for (const node of mounts.keys()) if (!this.model.shows(person, node)) mounts.delete(node);
    }
  }

  /** Permanent: grants do not return with the giver's right. */
  #endLapsed(): void {
    const { grants } = this.model;
    const lapsed = [...grants].filter((each) => !this.model.holds(each));
    for (const each of lapsed) grants.delete(each);
  }

  async make(person: number, parent: ModelNode, kind: "folder" | "file"): Promise<void> {
    const name = `n${++this.#names}`;
    const id = makeId<NodeId>(bucketOf(parent.id), this.#accounts.clock.nowMs(), this.#accounts.random(8));
    const place = { parentId: parent.id, name };
    const operation: Operation =
      kind === "folder" ? { op: "mkdir", id, place } : { op: "put", id, place, content: { sizeBytes: 0, blocks: [] } };
    const isPossible = isLive(parent) && parent.kind === "folder";
    const done = await this.#commit(person, operation, isPossible ? this.#mayCreate(person, parent) : "skipped");
    if (done) this.model.nodes.push({ id, owner: parent.owner, kind, parent, name, trashedAt: null, isPurged: false });
  }

  async move(person: number, node: ModelNode, parent: ModelNode): Promise<void> {
    const place = { parentId: parent.id };
    const expected = this.#expectMove(person, node, parent);
    if (await this.#commit(person, { op: "move", fileId: node.id, place }, expected)) node.parent = parent;
  }

  async rename(node: ModelNode): Promise<void> {
    const name = `n${++this.#names}`;
    await this.#commit(node.owner, { op: "move", fileId: node.id, place: { name } }, "done");
    node.name = name;
  }

  #expectMove(person: number, node: ModelNode, parent: ModelNode): Expected {
    const isPossible = isLive(node) && isLive(parent) && node.parent !== null && parent.kind === "folder";
    if (!isPossible || [...wayUp(parent)].includes(node)) return "skipped";
    if (node.owner !== parent.owner) return "refused";
    const atNode = this.#mayMove(person, node);
    return atNode === "done" ? this.#mayCreate(person, parent) : atNode;
  }

  async trash(person: number, node: ModelNode): Promise<void> {
    const isPossible = isLive(node) && node.parent !== null;
    const expected = isPossible ? this.#mayMove(person, node) : "skipped";
    const done = await this.#commit(person, { op: "delete", fileId: node.id }, expected);
    if (done) node.trashedAt = this.#accounts.clock.nowMicros();
  }

  async restore(person: number, node: ModelNode, parent?: ModelNode): Promise<void> {
    const place = parent === undefined ? {} : { place: { parentId: parent.id } };
    const expected = this.#expectRestore(person, node, parent);
    if (!(await this.#commit(person, { op: "restore", fileId: node.id, ...place }, expected))) return;
    const root = the(this.model.nodes[node.owner]);
    node.parent = parent ?? (node.parent !== null && isLive(node.parent) ? node.parent : root);
    node.trashedAt = null;
  }

  #expectRestore(person: number, node: ModelNode, parent: ModelNode | undefined): Expected {
    if (node.trashedAt === null || node.parent === null) return "skipped";
    if (parent !== undefined && (!isLive(parent) || parent.kind === "file" || parent.owner !== node.owner)) {
      return "skipped";
    }
    if (parent !== undefined && [...wayUp(parent)].includes(node)) return "skipped";
    const atNode = this.#mayMove(person, node);
    if (atNode !== "done") return atNode;
    if (parent !== undefined) return this.#mayCreate(person, parent);
    if (node.owner === person || isLive(node.parent)) return "done";
    // Otherwise the target is the root, where hardly anyone but the owner may create.
    return this.model.may(person, the(this.model.nodes[node.owner]), "create") ? "done" : "refused";
  }

  async purge(person: number, node: ModelNode): Promise<void> {
    const isSeen = this.model.sees(person, node) ? "forbidden" : "not_found";
    const expected = this.model.may(person, node, "own") && isSeen === "forbidden" ? "done" : isSeen;
    const operation = { op: "purge" as const, fileId: node.id, trashedOnly: false };
    const done = await this.#commit(person, operation, node.parent === null ? "skipped" : expected);
    if (done) node.isPurged = true;
  }

  async grant(person: number, node: ModelNode, to: Grantee, role: ModelGrant["role"], expires: boolean): Promise<void> {
    if (to === node.owner || to === person) return;
    const at = await this.#nodeFor(person, node);
    const since = this.#accounts.clock.nowMicros();
    const request = {
      kind: typeof to === "string" ? ("group" as const) : ("user" as const),
      email: null,
      email_key: null,
    };
    const granteeId = typeof to === "string" ? the(this.#groups.get(to)) : the(this.#users[to]).id;
    const given = { ...request, grantee_id: granteeId, role, expires_at: expires ? since + 1 : null };
    const label = `${person} gives ${role} at ${node.name} to ${to}${expires ? " for no time" : ""}`;
    const before = [...this.model.grants].find((each) => each.at === node && each.to === to);
    const answer = await this.#try(label, this.#mayGive(person, node, role, before), async () =>
      grantNode(this.#world, await this.actor(person), await at(), given),
    );
    if (answer === undefined) return;
    const via = [...this.#grantIds].find(([, id]) => id === answer.grant.via)?.[0];
    const made: ModelGrant = before ?? { at: node, to, role, since, isExpired: expires, by: person, via };
    // A new grant of the owner replaces the giver.
    Object.assign(made, { role, isExpired: expires, by: person, via });
    this.model.grants.add(made);
    this.#grantIds.set(made, answer.grant.id);
    if (expires) this.model.grants.delete(made);
  }

  #mayGive(person: number, node: ModelNode, role: ModelGrant["role"], before: ModelGrant | undefined): Expected {
    if (!this.model.sees(person, node)) return "not_found";
    if (!this.model.may(person, node, "share")) return "forbidden";
    if (!isLive(node)) return "refused";
    if (node.owner !== person && !this.model.hasAllBelow(person, node, role)) return "forbidden";
    return node.owner === person || before === undefined || before.by === person ? "done" : "forbidden";
  }

  async revoke(person: number, grant: ModelGrant): Promise<void> {
    const { at, to, by } = grant;
    const isPurged = [...wayUp(at)].some((each) => each.isPurged);
    if (isPurged || to === person) return;
    const id = the(this.#grantIds.get(grant));
    const isTheirs = by === person && this.model.sees(person, at) && this.model.may(person, at, "share");
    const expected = person === at.owner || isTheirs ? "done" : "refused";
    const answer = await this.#try(`${person} revokes ${to} at ${at.name}`, expected, async () => {
      await removePermission(this.#world, await this.actor(person), id);
      return true;
    });
    if (answer !== undefined) this.model.grants.delete(grant);
  }

  async leave(person: number, grant: ModelGrant): Promise<void> {
    const { at, to } = grant;
    if (to !== person || [...wayUp(at)].some((each) => each.isPurged)) return;
    const given = this.model.given(person, at.owner);
    const left = given.filter((each) => each.to === person && [...wayUp(each.at)].includes(at));
    const kept = given.filter((each) => !left.includes(each));
    const expected = this.model.limits(person, grant, kept) ? "forbidden" : "done";
    const id = the(this.#grantIds.get(grant));
    const answer = await this.#try(`${person} leaves ${at.name}`, expected, async () => {
      await removePermission(this.#world, await this.actor(person), id);
      return true;
    });
    if (answer === undefined) return;
    for (const each of left.toSorted((one, other) => [...wayUp(one.at)].length - [...wayUp(other.at)].length)) {
      if (this.model.limits(person, each, kept)) kept.push(each);
      else this.model.grants.delete(each);
    }
  }

  /** Acts as a manager, like every member here. */
  async leaveGroup(group: string, person: number): Promise<void> {
    const request = { groupId: the(this.#groups.get(group)), userId: the(this.#users[person]).id };
    const answer = await this.#try(`${person} leaves ${group}`, this.#mayLeave(group, person), async () => {
      await removeMember(this.#accounts, callerFor(the(this.#users[person])), request);
      return true;
    });
    if (answer !== undefined) the(this.model.members.get(group)).delete(person);
  }

  #mayLeave(group: string, person: number): Expected {
    if (this.model.members.get(group)?.has(person) !== true) return "not_found";
    const isLimited = [...this.model.grants].some((grant) => {
      const others = this.model.given(person, grant.at.owner).filter(({ to }) => to !== group);
      return grant.to === group && grant.at.owner !== person && this.model.limits(person, grant, others);
    });
    return isLimited ? "forbidden" : "done";
  }

  async changeMember(group: string, person: number): Promise<void> {
    const members = the(this.model.members.get(group));
    const request = { groupId: the(this.#groups.get(group)), userId: the(this.#users[person]).id };
    const administrator = callerFor(the(this.#users[0]), true);
    if (members.has(person)) await removeMember(this.#accounts, administrator, request);
    else await setMember(this.#accounts, administrator, { ...request, role: "manager" });
    if (!members.delete(person)) members.add(person);
  }

  async endGroup(group: string, manager?: number): Promise<void> {
    const caller = callerFor(the(this.#users[manager ?? 0]), manager === undefined);
    const expected = manager === undefined ? "done" : this.#mayLeave(group, manager);
    const answer = await this.#try(`${manager} ends ${group}`, expected, async () => {
      await deleteGroup(this.#accounts, caller, the(this.#groups.get(group)));
      return true;
    });
    if (answer === undefined) return;
    this.model.members.set(group, new Set());
    for (const grant of this.model.grants) if (grant.to === group) this.model.grants.delete(grant);
  }

  async mount(person: number, node: ModelNode): Promise<void> {
    const mounts = the(this.model.mounts.get(person));
    if (node.owner === person || node.kind === "file" || !isLive(node)) return;
    const isAround = [...mounts.keys()].some((at) => [...wayUp(at)].includes(node) || [...wayUp(node)].includes(at));
    const seen = isAround ? "refused" : "done";
    const expected = this.model.sees(person, node) ? seen : "not_found";
    const made = await this.#try(`${person} mounts ${node.name}`, expected, () =>
      this.mountAs(person, node, mountName(node)),
    );
    if (made !== undefined) mounts.set(node, made.id as NodeId);
  }

  async mountAs(person: number, node: ModelNode, name: string) {
    return mountFolder(this.#world, await this.actor(person), { nodeId: node.id, place: { name } });
  }

  async unmount(person: number, index: number): Promise<void> {
    const mounts = the(this.model.mounts.get(person));
    const [node, fileId] = [...mounts][index % Math.max(1, mounts.size)] ?? [];
    if (node === undefined || fileId === undefined) return;
    await this.#commit(person, { op: "delete", fileId }, "done");
    mounts.delete(node);
  }

  #mayCreate(person: number, parent: ModelNode): Expected {
    if (this.model.may(person, parent, "create")) return "done";
    return this.model.sees(person, parent) ? "forbidden" : "not_found";
  }

  #mayMove(person: number, node: ModelNode): Expected {
    if (!this.model.sees(person, node)) return "not_found";
    return this.model.mayMove(person, node) ? "done" : "forbidden";
  }

  async seen(person: number, { id }: ModelNode) {
    return findNode(this.shards, await this.actor(person), id);
  }

  async #nodeFor(person: number, { id }: ModelNode) {
    const actor = await this.actor(person);
    return () => findNode(this.shards, actor, id);
  }

  async #commit(person: number, operation: Operation, expected: Expected): Promise<boolean> {
    if (expected === "skipped") return false;
    const { committer } = this.#world;
    const answer = await this.#try(`${person} does ${JSON.stringify(operation)}`, expected, async () => {
      const [result] = (await committer.commit(await this.actor(person), [operation])).results;
      if (result !== undefined && "error" in result) throw result.error;
      return result?.status;
    });
    assert.ok(answer === undefined || answer === "committed", JSON.stringify([operation, answer]));
    return answer !== undefined;
  }

  async #try<Result>(what: string, expected: Expected, act: () => Promise<Result>): Promise<Result | undefined> {
    if (expected === "skipped") return undefined;
    let answer: Result;
    try {
      answer = await act();
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code === "internal") throw error;
      if (expected === "refused") return undefined;
      assert.equal(error.code, expected, `${what}: ${error.message}`);
      return undefined;
    }
    assert.equal("done", expected, what);
    return answer;
  }
}

function the<Value>(value: Value | undefined): Value {
  assert.ok(value !== undefined);
  return value;
}
