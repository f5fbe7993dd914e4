import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { PreviewedRun } from "@holdfast/sync/loop/engine/preview";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

const inSync = { inSync: true, problems: [], deletionsWaiting: 0 };

/** Returns a second device whose folder has files before its first sync, one of them hidden by the account's rules. */
async function filledFolder(rules = "private\n"): Promise<Alone> {
  const alone = new Alone({ devices: 2 });
  const other = alone.other();
  alone.write(".holdfastignore", rules);
  assert.deepEqual(await alone.once(), inSync);
  for (const path of ["private", "open"]) other.write(path, path);
  const { scheduler } = other.world;
  await scheduler.runUntil(scheduler.nowMicros + 60_000_000, () => false);
  return other;
}

test("the account's rules hide files that were in the folder before its first sync", async () => {
  const other = await filledFolder();
  assert.deepEqual(await other.once(), inSync);
  assert.deepEqual(other.serverPaths(), [".holdfastignore", "open"]);
  assert.deepEqual(other.diskPaths(), [".holdfastignore", "open", "private"]);
  other.close();
});

/** Previews like the command: a folder never synced has no engine file for the filesystem's time. */
function preview(alone: Alone): Promise<PreviewedRun> {
  const now: LocalDisk["now"] = async () => BigInt(alone.world.scheduler.nowMicros) * 1000n;
  return alone.pass(alone.make({ disk: { ...alone.disk(), now } }).preview());
}

test("a dry run of a first sync applies the account's rules and writes nothing", async () => {
  const other = await filledFolder();
  const { writes } = other.world;
  const { changes } = await preview(other);
  assert.deepEqual(
    changes.map(({ side, what, path }) => `${side} ${what} ${path}`),
    ["here create .holdfastignore", "server create open"],
  );
  assert.equal(other.world.writes, writes);
  assert.deepEqual(other.diskPaths(), ["open", "private"]);
  other.close();
});

test("a dry run of a first sync without an ignore file of the account lists all files", async () => {
  const other = await filledFolder("");
  other.onServer({ op: "delete", operation_id: "gone", file_id: other.serverId(".holdfastignore") });
  const { changes } = await preview(other);
  assert.deepEqual(changes.map(({ path }) => path).toSorted(), ["open", "private"]);
  other.close();
});

function failing(disk: LocalDisk, fails: () => HoldfastError | undefined): LocalDisk {
  return {
    ...disk,
    create: async (path, ...given) => {
      const error = path.startsWith(".holdfast/tmp/") ? fails() : undefined;
      if (error !== undefined) throw error;
      return disk.create(path, ...given);
    },
  };
}

for (const code of ["store_full", "failed", "unavailable"] as const) {
  test(`nothing is uploaded while the account's rules cannot be saved (${code}), and the sync continues afterwards`, async () => {
    const other = await filledFolder();
    let error: HoldfastError | undefined = new HoldfastError(code, "Could not create the file.");
    const engine = other.make({ disk: failing(other.disk(), () => error) });
    const run = engine.run();
    const { scheduler } = other.world;
    await scheduler.runUntil(scheduler.nowMicros + 120_000_000, () => false);
    assert.deepEqual(other.serverPaths(), [".holdfastignore"]);
    assert.match(
      engine.status().problems[0]?.message ?? "",
      /^The account's \.holdfastignore could not be saved in this folder\. .* Could not create the file\.$/,
    );
    error = undefined;
    await scheduler.runUntil(scheduler.nowMicros + 600_000_000, () => engine.status().activity === "idle");
    assert.deepEqual(engine.status().problems, []);
    assert.deepEqual(other.serverPaths(), [".holdfastignore", "open"]);
    engine.stop();
    await other.pass(run);
    other.close();
  });
}

test("a run on a full disk ends with the reason and uploads nothing", async () => {
  const other = await filledFolder();
  const disk = failing(other.disk(), () => new HoldfastError("store_full", "No space."));
  await assert.rejects(other.once({ disk }), { code: "store_full", message: /\.holdfastignore .* No space\.$/ });
  assert.deepEqual(other.serverPaths(), [".holdfastignore"]);
  assert.deepEqual(await other.once(), inSync);
  assert.deepEqual(other.serverPaths(), [".holdfastignore", "open"]);
  other.close();
});

test("nothing is uploaded on a first sync while the ignore file of the folder cannot be read", async () => {
  const other = await filledFolder();
  other.write(".holdfastignore", "private\n");
  const disk = other.disk();
  const readAt: LocalDisk["readAt"] = (path, ...given) =>
    path === ".holdfastignore"
      ? Promise.reject(new HoldfastError("unavailable", "EACCES", { body: { denied: true } }))
      : disk.readAt(path, ...given);
  await assert.rejects(other.once({ disk: { ...disk, readAt } }), { code: "failed", message: /cannot be read/ });
  assert.deepEqual(other.serverPaths(), [".holdfastignore"]);
  assert.equal((await other.once()).inSync, true);
  assert.deepEqual(other.serverPaths(), [".holdfastignore", "open"]);
  other.close();
});
