import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { CompiledQuery } from "kysely";
import type { Caller } from "../accounts/context/caller.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { recorded } from "../../tree/testing/recorded-shards.ts";
import { makeTestSpace, newTestId, type TestSpace } from "../../tree/testing/testing.ts";
import { grantTo } from "../../tree/rights/testing.ts";
import { findContent } from "./find-content.ts";

let databases: TestDatabases;
let owners: TestSpace[];
let viewer: Caller;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  owners = [await makeTestSpace(databases.shards), await makeTestSpace(databases.shards)];
  const { caller } = await makeTestSpace(databases.shards);
  viewer = {
    ...caller,
    receives: true,
    grantees: [caller.userId],
    groupIds: [],
    credential: { kind: "token", id: newTestId() },
    scopes: new Set(),
    admin: false,
  };
});
after(() => databases.stop());

const give = (owner: TestSpace, id: NodeId) =>
  grantTo(owner.db, {
    spaceId: owner.caller.spaceId,
    nodeId: id,
    role: "viewer",
    userId: viewer.userId,
  });

async function makePlaces(count: number) {
  const made: { place: NodeId; contentId: string }[] = [];
  for (let index = 0; index < count; index += 1) {
    const owner = owners[index % 2] as TestSpace;
    const folder = await owner.mkdir("root", newTestId());
    const file = await owner.put(folder.id, "file", `content ${newTestId()}`);
    const place = index % 4 < 2 ? folder.id : file.id;
    await give(owner, place as NodeId);
    made.push({ place: place as NodeId, contentId: file.content_id ?? "" });
  }
  return made;
}

test("a content is found in any of the places, with the same number of queries for few and many places", async () => {
  const made = await makePlaces(limits.thumbTagPlacesMax);
  const places = made.map(({ place }) => place);
  const compiled: CompiledQuery[] = [];
  const shards = recorded(databases.shards, compiled);
  const countOf = async (some: readonly NodeId[]) => {
    compiled.length = 0;
    assert.equal(await findContent(shards, viewer, "f".repeat(64), some), undefined);
    return compiled.length;
  };
  await countOf(places);
  assert.equal(await countOf(places), await countOf(places.slice(0, 4)));
  for (const { contentId } of made) {
    const version = await findContent(shards, viewer, contentId, places);
    assert.equal(version?.content_id.toString("hex"), contentId);
  }
});

test("content outside the places or without a permission is not found", async () => {
  const [owner] = owners as [TestSpace];
  const [given] = (await makePlaces(1)) as unknown as [{ place: NodeId }];
  const folder = await owner.mkdir("root", newTestId());
  const { content_id } = await owner.put(folder.id, "file", `content ${newTestId()}`);
  const find = (places: readonly string[]) =>
    findContent(databases.shards, viewer, content_id ?? "", places as NodeId[]);
  assert.equal(await find([given.place]), undefined);
  assert.equal(await find([given.place, folder.id]), undefined);
  await give(owner, folder.id as NodeId);
  assert.notEqual(await find([given.place, folder.id]), undefined);
});
