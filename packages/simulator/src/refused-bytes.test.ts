import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { NodeId } from "@holdfast/core/ids";
import { SyncState } from "@holdfast/sync/state/sync-state";
import type { Server } from "@holdfast/sync-ports/ports";
import { longTest } from "@holdfast/tools/tiers";
import { Alone } from "./alone.ts";

/** No two blocks are equal. */
const large = Array.from({ length: limits.blockBytesMin / 6 }, (_, index) => `${100_000 + index}`).join(" ");

const smallCount = limits.batchOperationsMax + 5;

for (const code of ["quota", "too_large"] satisfies ErrorCode[]) {
  (code === "quota" ? test : longTest)(
    `bytes of a large file that the server refuses (${code}) stop nothing else`,
    async () => {
      const alone = new Alone();
      alone.write("a large one", large);
      for (let number = 0; number < smallCount; number += 1) alone.write(`small ${number}`, "small");
      const refusing = { ...alone.server(), putBlocks: () => Promise.reject(new HoldfastError(code, "No.")) };
      const { inSync, problems } = await alone.once({ server: refusing });
      assert.deepEqual([inSync, problems.map((each) => [each.path, each.code])], [false, [["a large one", code]]]);
      assert.equal(alone.serverPaths().length, smallCount);
      alone.close();
    },
  );
}

test("sent bytes of a refused file do not count as accepted", async () => {
  const alone = new Alone();
  const inner = alone.server();
  alone.write("fits", "small");
  alone.write("refused", "does not fit");
  const isRefused = (operation: object): boolean => "name" in operation && operation.name === "refused";
  const commit: Server["commit"] = async (epoch, operations, blocks) => {
    const answer = await inner.commit(
      epoch,
      operations.filter((each) => !isRefused(each)),
      blocks,
    );
    const refused = operations.filter(isRefused).map(({ operation_id }) => {
      return { operation_id, status: "error", code: "quota" } as const;
    });
    return { ...answer, results: [...answer.results, ...refused] };
  };
  const engine = alone.make({ server: { ...inner, commit } });
  await alone.pass(engine.runOnce());
  const { filesUp, bytesUp, bytesAccepted } = engine.status().progress;
  assert.deepEqual([filesUp, bytesAccepted], [1, "small".length]);
  assert.ok(bytesUp >= "small".length + "does not fit".length, `${bytesUp} were sent`);
  alone.close();
});

test("a file refused for lack of space is sent once there is space", async () => {
  const alone = new Alone();
  alone.write("a", large);
  const inner = alone.server();
  const refusing = { ...inner, putBlocks: () => Promise.reject(new HoldfastError("quota", "No.")) };
  assert.ok(!(await alone.once({ server: refusing })).inSync);
  alone.world.scheduler.nowMicros += 31_000_000;
  assert.ok((await alone.once({ server: inner })).inSync);
  assert.deepEqual(alone.serverPaths(), ["a"]);
  alone.close();
});

test("a run does not wait for the end of an earlier run's refusals", async () => {
  const alone = new Alone();
  alone.write("a", large);
  const inner = alone.server();
  const refusing = { ...inner, putBlocks: () => Promise.reject(new HoldfastError("quota", "No.")) };
  assert.ok(!(await alone.once({ server: refusing })).inSync);
  assert.deepEqual(await alone.once({ server: inner }), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual(alone.serverPaths(), ["a"]);
  alone.close();
});

test("a refusal of bytes that the server only later finds missing affects only that file", async () => {
  const alone = new Alone();
  alone.write("a", large);
  alone.write("b", "small");
  const refusing = {
    ...alone.server(),
    missingBlocks: () => Promise.resolve(new Set<never>()),
    putBlocks: () => Promise.reject(new HoldfastError("quota", "No.")),
  };
  const { problems } = await alone.once({ server: refusing });
  assert.deepEqual(
    problems.map(({ path, code }) => [path, code]),
    [["a", "quota"]],
  );
  assert.deepEqual(alone.serverPaths(), ["b"]);
  alone.close();
});

test("a space without room for small files accepts changes without content, and lists the waiting files", async () => {
  const alone = new Alone();
  for (const path of ["a", "b"]) alone.write(path, path);
  await alone.once();
  const inner = alone.server();
  alone.write("b", "b2");
  alone.write("c", "c");
  alone.remove("a");
  alone.mkdir("f");
  const full: Server = {
    ...inner,
    commit: (...given) =>
      given[2].length > 0 ? Promise.reject(new HoldfastError("quota", "No.")) : inner.commit(...given),
  };
  const { problems } = await alone.once({ server: full });
  assert.deepEqual(problems.map(({ path, code }) => `${path}: ${code}`).toSorted(), ["b: quota", "c: quota"]);
  assert.deepEqual(alone.serverPaths(), ["b", "f"]);
  alone.world.scheduler.nowMicros += 31_000_000;
  assert.ok((await alone.once({ server: inner })).inSync);
  assert.deepEqual(alone.serverPaths(), ["b", "c", "f"]);
  assert.equal(alone.serverContents().get("b"), "b2");
  alone.close();
});

/**
 * Sends a request with `a` that is refused for lack of space, retries it in vain, and delivers a copy of the first when
 * there is space.
 * @param act act of a person before that
 */
async function refusedAndDoneLater(alone: Alone, act: () => void): Promise<void> {
  const { model, scheduler } = alone.world;
  const inner = alone.server();
  let comeAgain: (() => Promise<unknown>) | undefined;
  const commit: Server["commit"] = (...given) => {
    comeAgain ??= () => inner.commit(...given);
    return inner.commit(...given);
  };
  model.isFull = true;
  assert.ok(!(await alone.once({ server: { ...inner, commit } })).inSync);
  scheduler.nowMicros += 31_000_000;
  assert.ok(!(await alone.once({ server: inner })).inSync);
  act();
  model.isFull = false;
  await alone.pass(comeAgain?.() ?? assert.fail("nothing was sent"));
  assert.ok((await alone.once({ server: inner })).inSync);
}

const acts = {
  moved: [(alone: Alone) => alone.move("a", "b"), "b", "refused"],
  overwritten: [(alone: Alone) => alone.write("a", "newer"), "a", "newer"],
} as const;

for (const what of ["file", "version"]) {
  for (const [done, [act, path, text]] of Object.entries(acts)) {
    test(`a ${what} that was refused and ${done}, but created by another copy of the request, stays as the person left it`, async () => {
      const alone = new Alone();
      if (what === "version") alone.write("a", "old");
      await alone.once();
      alone.write("a", "refused");
      await refusedAndDoneLater(alone, () => act(alone));
      assert.deepEqual(alone.serverContents(), new Map([[path, text]]));
      assert.deepEqual([alone.diskPaths(), alone.read(path)], [[path], text]);
      alone.close();
    });
  }
}

test("a file that was refused and deleted, but created by another copy of the request, does not come back", async () => {
  const alone = new Alone();
  await alone.once();
  alone.write("a", "refused");
  await refusedAndDoneLater(alone, () => alone.remove("a"));
  assert.deepEqual([alone.serverPaths(), alone.diskPaths()], [[], []]);
  alone.close();
});

test("one refused offer of each content is kept, as long as a copy of its request may arrive", async () => {
  const alone = new Alone();
  const { model, scheduler, devices } = alone.world;
  const contentsOffered = (): number =>
    new SyncState(devices[0]?.database ?? assert.fail(), model.rootId as NodeId).offers.length;
  model.isFull = true;
  for (const text of ["refused", "refused", "other"]) {
    alone.write("a", text);
    await alone.once();
    await alone.once();
  }
  assert.equal(contentsOffered(), 2);
  alone.remove("a");
  scheduler.nowMicros += 11 * 60_000_000;
  await alone.once();
  assert.equal(contentsOffered(), 0);
  alone.close();
});

for (const isPrivate of [true, false]) {
  test(`a mode refused with bytes and reverted here can be set by another device (private: ${isPrivate})`, async () => {
    const alone = new Alone();
    const set = (to: boolean): void => alone.root.write(alone.root.mustBeAt("a"), { isPrivate: to }, true);
    alone.write("a", "old");
    set(!isPrivate);
    await alone.once();
    alone.write("a", "refused");
    set(isPrivate);
    alone.world.model.isFull = true;
    await alone.once();
    alone.world.model.isFull = false;
    alone.write("a", "old");
    set(!isPrivate);
    alone.onServer({ op: "set", operation_id: "theirs", file_id: alone.serverId("a"), private: isPrivate });
    await alone.once();
    await alone.once();
    assert.equal(alone.world.model.nodes.get(alone.serverId("a"))?.isPrivate, isPrivate);
    assert.equal(alone.root.mustBeAt("a").now.isPrivate, isPrivate);
    alone.close();
  });
}
