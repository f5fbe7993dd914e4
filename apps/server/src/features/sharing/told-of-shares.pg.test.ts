import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { GroupId, NodeId, UserId } from "@holdfast/core/ids";
import type { Caller } from "../accounts/context/caller.ts";
import { openTestAccounts, type TestAccounts } from "../accounts/testing.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { createGroup } from "../groups/change-groups.ts";
import { setMember } from "../groups/change-members.ts";
import { groupKinds } from "../groups/group-messages.ts";
import { callerFor, createUserIn } from "../groups/testing.ts";
import { findNode } from "../../tree/read/look-up.ts";
import { type NewNotification, newNotification } from "../notifications/notify.ts";
import type { Queue } from "../../base/queue/open-queue.ts";
import type { Role } from "../../tree/rights/roles.ts";
import { sharingKinds } from "./deliver.ts";
import { grantNode } from "./grant-node.ts";
import { findActor } from "./mounts.ts";
import type { SharingWorld } from "./sharing-world.ts";
import { openTestSharing } from "./testing.ts";

describe("Notification of a share", () => {
  let databases: TestDatabases;
  let accounts: TestAccounts;
  let world: SharingWorld;
  let queue: Queue;
  let owner: UserRow;
  let guest: UserRow;
  let group: GroupId;
  let notices: string[];
  let count = 0;

  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
    accounts = await openTestAccounts(databases.shards);
  });
  after(() => databases.stop());

  beforeEach(async () => {
    notices = [];
    ({ world, queue } = openTestSharing(databases.shards, accounts.clock, (given) => ({
      ...sharingKinds(given),
      ...groupKinds(given),
      notification: {
        schema: newNotification,
        work: async (payload) => {
          const { userId, kind, detail } = payload as NewNotification;
          if (userId === guest.id) notices.push(`${kind} ${String(detail["role"])}`);
        },
      },
    })));
    owner = await createUserIn(accounts, 7, `owner${++count}@example.org`);
    guest = await createUserIn(accounts, 4000, `guest${count}@example.org`);
    group = (await createGroup(accounts, callerFor(owner, true), "Team")).id as GroupId;
    await setMember(accounts, callerFor(owner, true), { groupId: group, userId: guest.id, role: "member" });
  });
  afterEach(() => queue.stop());

  async function callerOf(id: UserId): Promise<Caller> {
    const actor = await findActor(databases.shards, id);
    assert.ok(actor !== undefined);
    return { ...actor, scopes: new Set(), admin: false, groupIds: [], credential: undefined as never };
  }

  async function folderIn(parentId: string): Promise<NodeId> {
    const operation = { op: "mkdir" as const, place: { parentId, name: `folder ${++count}` } };
    const [result] = (await world.committer.commit(await callerOf(owner.id), [operation])).results;
    assert.ok(result?.status === "committed" && result.node !== undefined);
    return result.node.id as NodeId;
  }

  async function give(nodeId: NodeId, role: Exclude<Role, "owner">, to: UserId | GroupId = guest.id): Promise<void> {
    const caller = await callerOf(owner.id);
    const kind = to === group ? ("group" as const) : ("user" as const);
    const given = { kind, grantee_id: to, email: null, email_key: null, role, expires_at: null };
    await grantNode(world, caller, await findNode(databases.shards, caller, nodeId), given);
    await queue.idle();
  }

  test("is sent for a higher role within a folder, and not for a lower one", async () => {
    const top = await folderIn("root");
    const [higher, lower] = [await folderIn(top), await folderIn(await folderIn(top))];
    await give(top, "commenter");
    await give(higher, "editor");
    await give(lower, "uploader");
    assert.deepEqual(notices, ["share commenter", "share editor"]);
  });

  test("is not sent for a lower role than the group's, nor for a group's lower role", async () => {
    const [first, second] = [await folderIn("root"), await folderIn(await folderIn("root"))];
    await give(first, "editor", group);
    await give(first, "viewer");
    await give(second, "editor");
    await give(second, "viewer", group);
    assert.deepEqual(notices, ["share editor", "share editor"]);
  });
});
