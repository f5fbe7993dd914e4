import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, test } from "node:test";
import type { Caller } from "../accounts/context/caller.ts";
import { listActivity } from "../activity/list-activity.ts";
import { findNode } from "../../tree/read/look-up.ts";
import { useTestSpaces } from "../../tree/testing/testing-spaces.ts";
import { listNotifications } from "../notifications/list-notifications.ts";
import { notificationKind } from "../notifications/notification-kind.ts";
import { signInTo } from "../notify/testing.ts";
import { openTestQueue, type TestQueue } from "../../base/queue/testing.ts";
import { watch } from "../watches/watches.ts";
import { watchedEventKind } from "../watches/watched-event-kind.ts";
import { changeRights, removeGrants } from "./change-rights.ts";
import { sharingKinds } from "./deliver.ts";
import { grantNode } from "./grant-node.ts";
import type { SharingWorld } from "./sharing-world.ts";

const spaces = useTestSpaces({ fsync: false });
let opened: TestQueue | undefined;
after(async () => opened?.queue.stop());

test("a share appears in the activity of accounts that can share, and notifies its recipient and watchers", async () => {
  const { shards } = spaces.databases;
  const notifications = { shards, random: randomBytes, wake: () => {} };
  const queueKinds = { notification: notificationKind(notifications), watched_event: watchedEventKind(notifications) };
  const kinds = { ...queueKinds, ...sharingKinds(() => world) };
  const { queue } = (opened = openTestQueue(shards, kinds));
  const space = await spaces.open();
  const owner = await signInTo(space);
  const [editor, viewer] = [await signInTo(await spaces.open()), await signInTo(await spaces.open())];
  const { clock, committer } = space;
  const world: SharingWorld = { shards, clock, random: randomBytes, committer, queue, onCommitted: () => {} };
  const folder = await space.mkdir("root", "folder");
  const file = await space.put(folder.id, "file", "one");
  const share = async (id: string, caller: Caller, { userId }: Caller, role: "editor" | "viewer") =>
    grantNode(world, caller, await findNode(shards, caller, id), {
      kind: "user",
      grantee_id: userId,
      email: null,
      email_key: null,
      role,
      expires_at: null,
    });
  const toldTo = async (caller: Caller) => {
    await queue.idle();
    const { items } = await listNotifications(shards, caller, {});
    return items.map(({ kind, actor, node, detail }) => [
      kind,
      actor?.id,
      node?.path,
      detail["role"] ?? detail["verbs"],
    ]);
  };
  const verbsFor = async (caller: Caller) =>
    (await listActivity(shards, caller, { in: file.id })).items.map(({ verb }) => verb);

  await share(folder.id, owner, editor, "editor");
  await watch(shards, owner, folder.id);
  const { grant } = await share(file.id, editor, viewer, "viewer");
  assert.deepEqual(await toldTo(viewer), [["share", editor.userId, "/", "viewer"]]);
  await share(file.id, owner, viewer, "viewer");
  assert.deepEqual(await toldTo(editor), [["share", owner.userId, "/", "editor"]]);
  assert.deepEqual(await toldTo(viewer), [["share", editor.userId, "/", "viewer"]]);
  assert.deepEqual(await toldTo(owner), [["watch", editor.userId, "/folder/file", ["shared"]]]);
  await changeRights(world, owner.spaceId, owner, async (rights) => void (await removeGrants(rights, [grant.id])));
  assert.deepEqual(await verbsFor(owner), ["unshared", "shared", "shared", "created"]);
  assert.deepEqual(await verbsFor(editor), ["unshared", "shared", "shared", "created"]);
  assert.equal((await toldTo(viewer)).at(-1)?.[2], undefined, "a node that is not shared any more is named");
});
