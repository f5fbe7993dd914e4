import { after, before } from "node:test";
import { type CodecPool, startCodecPool } from "@holdfast/codec/pool";
import {
  Api,
  makeFolder,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";
import type { TestedServer } from "@holdfast/sync/server-conformance";
import { testServerContent } from "@holdfast/sync/server-conformance-content";
import { testServerTree } from "@holdfast/sync/server-conformance-tree";
import type { RemoteSpace } from "./remote-space.ts";
import { openSpace } from "./testing.ts";

const folder = makeFolder("remote-space");
const dataFolder = `${folder}/data`;
const pool: CodecPool = startCodecPool({ threads: 2 });
let server: RunningServer;
let one: RemoteSpace;
let other: RemoteSpace;

before(async () => {
  server = await startServer({ dataFolder });
  [one, other] = [await signIn(), await signIn()];
});

after(async () => {
  await Promise.all([one, other].map((space) => space.close()));
  await pool.close();
  await server.stop();
  removeFolder(folder);
});

testServerTree("the real server", open);
testServerContent("the real server", open);

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
