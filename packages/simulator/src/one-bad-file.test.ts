import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { realPatches } from "@holdfast/sync/model/patches";
import type { Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

const count = 40;
const names = Array.from({ length: count }, (_, index) => `file ${String(index).padStart(2, "0")}`);
const [bad, worse] = ["file 13", "file 14"];
const others = names.filter((name) => name !== bad && name !== worse);

/** No two blocks are equal, and it is sent ahead of its operation. */
const large = Array.from({ length: limits.blockBytesMin / 6 }, (_, index) => `${100_000 + index}`).join(" ");

function refusal(code: ErrorCode, body: Readonly<Record<string, unknown>> = {}): HoldfastError {
  return new HoldfastError(code, "Not like this.", { body });
}

async function expectOnlyThose(alone: Alone, server: Server, code: string, paths: readonly string[]): Promise<void> {
  const { scheduler } = alone.world;
  const begin = scheduler.nowMicros;
  const { inSync, problems } = await alone.once({ server });
  assert.deepEqual(
    problems.map((each) => `${each.path} ${each.code}`).toSorted(),
    paths.map((path) => `${path} ${code}`),
  );
  assert.equal(inSync, false, "whoever runs it once ends with 1");
  assert.ok(scheduler.nowMicros - begin < 200_000_000, "it does not wait for ever");
}

for (const code of ["hash_mismatch", "invalid_field", "bad_request", "too_large", "internal"] satisfies ErrorCode[]) {
  test(`files because of which the server refuses a whole request (${code}) stop no others`, async () => {
    const alone = new Alone();
    for (const name of names) alone.write(name, name);
    const inner = alone.server();
    const commit: Server["commit"] = async (epoch, operations, blocks) => {
      const isBad = operations.some((each) => "name" in each && (each.name === bad || each.name === worse));
      if (isBad) throw refusal(code);
      return inner.commit(epoch, operations, blocks);
    };
    await expectOnlyThose(alone, { ...inner, commit }, code, [bad, worse]);
    assert.deepEqual(alone.serverPaths(), others);
    assert.ok((await alone.once()).inSync, "they go as soon as they are taken");
    assert.deepEqual(alone.serverPaths(), names);
    alone.close();
  });
}

for (const code of ["hash_mismatch", "invalid_field", "internal"] satisfies ErrorCode[]) {
  test(`a large file whose blocks the server refuses (${code}) stops no others`, async () => {
    const alone = new Alone();
    for (const name of names) alone.write(name, name === bad ? large : name);
    const putBlocks = () => Promise.reject(refusal(code));
    await expectOnlyThose(alone, { ...alone.server(), putBlocks }, code, [bad]);
    assert.deepEqual(alone.serverPaths(), [...others, worse].toSorted());
    alone.close();
  });
}

test("a server that returns only errors is not asked for each of many files", async () => {
  const alone = new Alone();
  for (let index = 0; index < 400; index += 1) alone.write(`file ${index}`, `${index}`);
  let requests = 0;
  const commit: Server["commit"] = () => {
    requests += 1;
    return Promise.reject(refusal("internal"));
  };
  await assert.rejects(alone.once({ server: { ...alone.server(), commit } }), { code: "internal" });
  assert.ok(requests < 200, `${requests} requests`);
  alone.close();
});

test("a group that is refused as a whole stops nothing else, and is not split", async () => {
  const alone = new Alone();
  for (const name of ["a", "b"]) {
    alone.mkdir(name);
    alone.write(`${name}/inside ${name}`, name);
  }
  assert.ok((await alone.once()).inSync);
  for (const [from, to] of [
    ["a", "x"],
    ["b", "a"],
    ["x", "b"],
  ] as const)
    alone.move(from, to);
  alone.write("new", "new");
  const inner = alone.server();
  let groups = 0;
  const commit: Server["commit"] = (epoch, operations, blocks) => {
    const grouped = operations.filter(({ group }) => group !== undefined);
    assert.ok(grouped.length === 0 || grouped.length === 2, "whole, or not at all");
    groups += grouped.length;
    if (grouped.length > 0) return Promise.reject(refusal("invalid_field"));
    return inner.commit(epoch, operations, blocks);
  };
  await expectOnlyThose(alone, { ...inner, commit }, "invalid_field", ["a", "b"]);
  assert.ok(alone.serverPaths().includes("new") && groups > 0);
  alone.close();
});

test("a block whose patch cannot be made is sent whole", async () => {
  const alone = new Alone();
  const encode = (): never => {
    throw new RangeError("The compressor broke.");
  };
  const patches = { ...realPatches, fileBytesMin: 10, encode };
  alone.write("a", `${large} one`);
  assert.ok((await alone.once({ patches })).inSync);
  alone.write("a", `${large} other`);
  assert.ok((await alone.once({ patches })).inSync);
  assert.ok(alone.serverContents().get("a")?.endsWith("other"));
  alone.close();
});

function filledByAnother(): Alone {
  const alone = new Alone();
  for (const name of names) alone.putOnServer(name.slice(-2), { parent_id: alone.world.model.rootId, name });
  return alone;
}

const hashOf = (alone: Alone, path: string): string => {
  const versionId = alone.world.model.nodes.get(alone.serverId(path))?.versionId ?? "";
  return alone.world.model.versions.get(versionId)?.[0]?.hash ?? "";
};

for (const [what, code, isNamed] of [
  ["arrives damaged again and again", "hash_mismatch", true],
  ["is damaged on the server", "damaged", false],
  ["makes the server fail", "internal", false],
] as const) {
  test(`a block that ${what} stops no other download`, async () => {
    const alone = filledByAnother();
    const inner = alone.server();
    const hashes = new Set([bad, worse].map((name) => hashOf(alone, name)));
    let requests = 0;
    const fetchBlocks: Server["fetchBlocks"] = async function* (wanted) {
      requests += 1;
      // A request succeeds or fails as a whole.
      const hash = wanted.map((each) => each.hash).find((each) => hashes.has(each));
      if (hash !== undefined) throw refusal(code, isNamed ? { hash } : {});
      yield* inner.fetchBlocks(wanted);
    };
    await expectOnlyThose(alone, { ...inner, fetchBlocks }, code, [bad, worse]);
    assert.deepEqual(alone.diskPaths(), others);
    assert.ok(requests < 200, `${requests} requests`);
    assert.ok((await alone.once()).inSync, "they come as soon as they are to be had");
    assert.deepEqual(alone.diskPaths(), names);
    alone.close();
  });

  test(`a block list that ${what} stops no other download`, async () => {
    const alone = filledByAnother();
    const inner = alone.server();
    const versions = new Set([bad, worse].map((name) => alone.world.model.nodes.get(alone.serverId(name))?.versionId));
    const manifests: Server["manifests"] = (wanted) =>
      wanted.some(({ versionId }) => versions.has(versionId)) ? Promise.reject(refusal(code)) : inner.manifests(wanted);
    await expectOnlyThose(alone, { ...inner, manifests }, code, [bad, worse]);
    assert.deepEqual(alone.diskPaths(), others);
    alone.close();
  });
}

test("a block list that does not match its file stops no other download", async () => {
  const alone = filledByAnother();
  const inner = alone.server();
  const versionId = alone.world.model.nodes.get(alone.serverId(bad))?.versionId;
  const manifests: Server["manifests"] = async (wanted) =>
    new Map([...(await inner.manifests(wanted))].map(([id, blocks]) => [id, id === versionId ? [] : blocks] as const));
  await expectOnlyThose(alone, { ...inner, manifests }, "hash_mismatch", [bad]);
  assert.deepEqual(alone.diskPaths(), [...others, worse].toSorted());
  alone.close();
});
