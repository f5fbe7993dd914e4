import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type CodecPool, startCodecPool } from "@holdfast/codec/pool";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import {
  Api,
  makeFolder,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";
import type { TestedServer } from "@holdfast/sync-ports/server-conformance";
import { type TestedShares, testServerShares } from "@holdfast/sync-ports/server-conformance-shares";
import { testServerChangers } from "@holdfast/sync-ports/server-conformance-changers";
import { testServerContent } from "@holdfast/sync-ports/server-conformance-content";
import { testServerDeletions } from "@holdfast/sync-ports/server-conformance-deletions";
import { testServerTree } from "@holdfast/sync-ports/server-conformance-tree";
import { isLongTier } from "@holdfast/tools/tiers";
import type { RemoteSpace } from "./remote-space.ts";
import { openSpace } from "./testing.ts";

const folder = makeFolder("remote-space");
const dataFolder = `${folder}/data`;
const guestEmail = "guest@example.com";
const pool: CodecPool = startCodecPool({ threads: 2 });
let server: RunningServer;
let one: RemoteSpace;
let other: RemoteSpace;
let guest: RemoteSpace;
let owner: Api;
let guestApi: Api;

before(async () => {
  server = await startServer({ dataFolder });
  [one, other] = [await signIn(), await signIn()];
  owner = await Api.signIn(server.url);
  const account = { email: guestEmail, password: "the password of a guest" };
  await must(owner, "POST", "/admin/users", { ...account, name: "Guest" });
  guestApi = await Api.signIn(server.url, account);
  guest = await openSpace({ url: server.url, token: guestApi.token ?? "", pool });
});

after(async () => {
  await Promise.all([one, other, guest].map((space) => space.close()));
  await pool.close();
  await server.stop();
  removeFolder(folder);
});

testServerTree("the real server", open);
testServerContent("the real server", open);
testServerDeletions("the real server", openShared);
// The server's own tests of the gate show the same of it.
if (isLongTier) {
  testServerChangers("the real server", openShared);
  testServerShares("the real server", openShared);
}

test("the account that placed a file is found behind more comments than one page of its activity", async () => {
  const { id: shared } = await must(owner, "POST", "/metadata", {
    kind: "folder",
    parent_id: one.rootId,
    name: "busy",
  });
  const { id } = await must(owner, "POST", "/metadata", { kind: "folder", parent_id: shared, name: "notes" });
  await must(owner, "POST", `/files/${shared}/share`, { email: guestEmail, role: "editor" });
  await must(guestApi, "PATCH", `/files/${id}`, { name: ".holdfastignore" });
  await must(guestApi, "POST", `/files/${id}/comments`, { text: "one of many" });
  await queryDatabase(
    dataFolder,
    `insert into shard.comments (space_id, node_id, id, text, mentions, author, at)
      select space_id, node_id, gen_random_uuid(), text, mentions, author, at + later
      from shard.comments, generate_series(1, ${limits.activityItemsMax}) as later where node_id = '${id}'`,
  );
  const { placed } = await one.changersOf(id as NodeId, null);
  assert.equal(placed?.accountId, guest.accountId);
});

async function signIn(): Promise<RemoteSpace> {
  const { token = "" } = await Api.signIn(server.url);
  return openSpace({ url: server.url, token, pool });
}

async function open(): Promise<TestedServer> {
  const changeEpoch = async (): Promise<void> => {
    await queryDatabase(dataFolder, "update shard.spaces set epoch = 'epoch ' || gen_random_uuid()");
  };
  return { one, other, rootId: one.rootId, makeNodeId: () => one.makeNodeId(), changeEpoch };
}

/** The administrator is the owner. */
async function openShared(): Promise<TestedShares> {
  const given = new Map<string, string>();
  return {
    ...(await open()),
    guest,
    guestRootId: guest.rootId,
    people: {
      share: async (folderId, role) => {
        const permission = await must(owner, "POST", `/files/${folderId}/share`, { email: guestEmail, role });
        given.set(folderId, permission.id);
      },
      unshare: async (folderId) => {
        await must(owner, "DELETE", `/permissions/${given.get(folderId)}`);
      },
      mount: async (folderId, name) =>
        (await must(guestApi, "POST", "/mounts", { node_id: folderId, name })).id as NodeId,
      moment: nextMillisecond,
      rewind: async (folderId, to) => {
        await must(owner, "POST", `/files/${folderId}/rewind`, { to });
      },
    },
  };
}

/** Waits for a millisecond after all previous acts. The server uses the same clock. */
async function nextMillisecond(): Promise<string> {
  const next = Date.now() + 1;
  while (Date.now() <= next) await new Promise(setImmediate);
  return new Date(next).toISOString();
}

async function must(api: Api, method: string, path: string, json?: unknown): Promise<{ readonly id: string }> {
  const { status, body } = await api.call(method, path, json);
  assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(body)}`);
  return body;
}
