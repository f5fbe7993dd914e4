import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { homeOf } from "./model-shares.ts";
import { full, Shared } from "./shared.ts";

for (const [path, left] of [
  ["docs", { docs: "/", "docs/a.txt": "first", "docs/sub": "/", "docs/sub/b.txt": "of bob" }],
  ["docs/sub", { docs: "/", "docs/sub": "/", "docs/sub/b.txt": "of bob" }],
  ["docs/sub/b.txt", { docs: "/", "docs/sub": "/", "docs/sub/b.txt": "of bob" }],
] as const) {
  test(`excluded content (${path}) of a revoked share stays here, and nothing waits for it`, async () => {
    const world = new Shared("editor");
    await world.once();
    world.mkdir("docs/sub");
    world.write("docs/sub/b.txt", "of bob");
    await world.once();
    const engine = world.make();
    engine.exclude([path]);
    await world.pass(engine.runOnce());
    world.grant(undefined);
    assert.equal((await world.once()).inSync, true);
    assert.equal((await world.once()).inSync, true);
    assert.deepEqual(world.onDisk(), left);
    assert.deepEqual(world.aside("quarantine"), {});
    assert.deepEqual(world.space("bob"), {});
    world.close();
  });
}

test("an ended share is reported once with the places of its files, in the status for a week and among recent changes", async () => {
  const world = new Shared("editor");
  world.ownerPuts("b.txt", "second");
  await world.once();
  world.write("docs/b.txt", "mine");
  world.grant(undefined);
  const done: string[] = [];
  const { inSync, problems } = await world.once({ onDone: ({ what, path }) => void done.push(`${what} ${path}`) });
  assert.ok(inSync);
  const ended = problems.find(({ code }) => code === "share_ended");
  assert.equal(ended?.path, "docs");
  assert.match(ended.message, /1 unchanged file moved to .holdfast\/trash and 1 changed file to .holdfast\/quarantine/);
  assert.deepEqual(done.toSorted(), ["share ended docs", "share ended docs/a.txt", "share ended docs/b.txt"]);
  const engine = world.make();
  const run = engine.run();
  const { scheduler } = world.world;
  const day = 24 * 3600 * 1_000_000;
  const codes = (): string[] => engine.status().problems.map(({ code }) => code);
  await scheduler.runUntil(scheduler.nowMicros + 6 * day, () => false);
  assert.deepEqual(codes(), ["quarantined", "share_ended"]);
  await scheduler.runUntil(scheduler.nowMicros + 2 * day, () => false);
  assert.deepEqual(codes(), ["quarantined"]);
  engine.stop();
  await world.pass(run);
  world.close();
});

for (const [from, to] of [
  ["mine", "docs/mine"],
  ["docs/inner", "inner"],
] as const) {
  test(`a folder moved from ${from} to ${to} gets another owner, which is reported once`, async () => {
    const world = new Shared("editor");
    world.ownerMakes("inner");
    world.ownerPuts("deep.txt", "deep", "inner");
    world.mkdir("mine");
    world.write("mine/one.txt", "one");
    world.write("mine/two.txt", "two");
    await world.once();
    world.move(from, to);
    await world.once();
    const { inSync, problems } = await world.once();
    assert.ok(inSync);
    assert.deepEqual(
      problems.map(({ path, code, message }) => [path, code, /\((\d files?)\)/.exec(message)?.[1]]),
      [[to, "new_owner", from === "mine" ? "2 files" : "1 file"]],
    );
    world.close();
  });
}

test("an empty folder moved into a share that ended before it arrived returns to its former place", async () => {
  const world = new Shared("editor");
  world.mkdir("mine");
  await world.once();
  world.move("mine", "docs/mine");
  await world.once({ server: { ...world.server(), commit: full } });
  world.grant(undefined);
  await world.once();
  assert.deepEqual([world.onDisk(), world.space("bob")], [{ mine: "/" }, { mine: "/" }]);
  world.close();
});

for (const role of ["viewer", "editor"] as const) {
  test(`a mount ends when its folder was deleted elsewhere and moved into another share here (${role})`, async () => {
    const world = new Shared("editor", { parentId: "mine" });
    world.ownerMakes("more", homeOf("ada"));
    world.grant(role, "more");
    const place = { parentId: homeOf("bob"), name: "more" };
    world.world.model.mount({ device: "bob's other", account: "bob" }, "more", place);
    await world.once();
    const before = world.space("ada");
    world.move("mine", "more/mine");
    world.onServer({ op: "delete", operation_id: "deletes", file_id: "mine" }, "bob");
    const waits = role === "viewer" ? ["read_only more/mine"] : [];
    assert.deepEqual(await world.problems(), [...waits, "share_ended more/mine/docs"]);
    assert.deepEqual(world.onDisk(), { more: "/", "more/mine": "/" });
    assert.deepEqual(world.space("ada"), role === "viewer" ? before : { ...before, "more/mine": "/" });
    assert.deepEqual(world.aside("trash"), { "more/mine/docs/a.txt": "first" });
    world.close();
  });
}

test("an item that a person removed from quarantine is no longer listed", async () => {
  const world = new Shared("viewer");
  await world.once();
  world.write("docs/a.txt", "mine");
  await world.once();
  world.ownerPuts("a.txt", "newer");
  const engine = world.make();
  const run = engine.run();
  const { scheduler } = world.world;
  const minute = 60_000_000;
  await scheduler.runUntil(scheduler.nowMicros + minute, () => engine.status().problems.length > 0);
  const [problem] = engine.status().problems;
  assert.equal(problem?.code, "quarantined");
  world.remove(problem.path);
  // No hint reports it; the hourly scan does.
  await scheduler.runUntil(scheduler.nowMicros + 90 * minute, () => engine.status().problems.length === 0);
  assert.deepEqual(engine.status().problems, []);
  engine.stop();
  await world.pass(run);
  world.close();
});

test("an unreadable quarantine stops nothing from being synced", async () => {
  const world = new Shared("viewer");
  await world.once();
  world.write("docs/a.txt", "mine");
  await world.once();
  world.ownerPuts("a.txt", "newer");
  await world.once();
  world.fails(".holdfast/quarantine");
  world.write("own", "own");
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.space("bob"), { own: "own" });
  world.close();
});

test("unchanged files of a share that was mounted again are not quarantined", async () => {
  const world = new Shared("editor");
  await world.once();
  world.onServer({ op: "delete", operation_id: "unmount", file_id: world.mountId });
  world.mount();
  assert.equal((await world.once()).inSync, true);
  assert.deepEqual(world.onDisk(), { docs: "/", "docs/a.txt": "first" });
  assert.deepEqual([world.aside("trash"), world.aside("quarantine")], [{ "docs/a.txt": "first" }, {}]);
  world.close();
});

test("a file left over from an ended share is new at the place to which a person moves it", async () => {
  const world = new Shared("viewer");
  world.owner({ op: "mkdir", id: "outer", parent_id: "docs", name: "outer" });
  world.owner({ op: "mkdir", id: "inner", parent_id: "outer", name: "inner" });
  world.ownerPuts("b.txt", "of ada", "inner");
  await world.once();
  world.onServer({ op: "delete", operation_id: "leave", file_id: world.mountId });
  world.move("docs/outer/inner/b.txt", "docs/b.txt");
  world.move("docs/outer", "outer");
  const disk = world.disk();
  const rename: LocalDisk["rename"] = (from, to) =>
    from.startsWith("docs/") ? Promise.reject(new HoldfastError("unavailable", "EIO")) : disk.rename(from, to);
  await world.once({ disk: { ...disk, rename } });
  assert.deepEqual(Object.keys(world.onDisk()), ["docs", "docs/a.txt", "docs/b.txt", "outer", "outer/inner"]);
  world.move("docs/b.txt", "b.txt");
  assert.equal((await world.once()).inSync, true);
  const left = { "b.txt": "of ada", outer: "/", "outer/inner": "/" };
  assert.deepEqual([world.space("bob"), world.onDisk()], [left, left]);
  world.close();
});

for (const call of ["exchange", "rename"] as const) {
  test(`in an ended share, a file downloaded as the device died (in ${call}) is no edit of this device`, async () => {
    const world = new Shared("editor");
    await world.once();
    if (call === "exchange") world.ownerPuts("a.txt", "newer");
    else world.ownerPuts("b.txt", "new");
    const disk = world.disk();
    await world.pass(
      new Promise<void>((resolve) => {
        const dying = async (from: string, to: string): Promise<never> => {
          await disk[call](from, to);
          resolve();
          return new Promise(() => undefined);
        };
        void world.make({ disk: { ...disk, [call]: dying } }).runOnce();
      }),
    );
    const arrived = call === "exchange" ? { "docs/a.txt": "newer" } : { "docs/a.txt": "first", "docs/b.txt": "new" };
    assert.deepEqual(world.onDisk(), { docs: "/", ...arrived });
    world.grant(undefined);
    assert.equal((await world.once()).inSync, true);
    assert.deepEqual(world.onDisk(), {});
    assert.deepEqual([world.aside("trash"), world.aside("quarantine")], [arrived, {}]);
    world.close();
  });
}

test("a mount whose folder is only in the next page of changes has not ended, and its content arrives", async () => {
  const world = new Shared();
  await world.once();
  const own = { op: "move", file_id: world.mountId } as const;
  world.onServer({ ...own, operation_id: "rename", parent_id: homeOf("bob"), name: "renamed" }, "bob");
  for (let number = 1; number < 7; number += 1) world.ownerMakes(`folder ${number}`);
  world.ownerMakes("late");
  const folder = { op: "mkdir", id: "F", parent_id: homeOf("bob"), name: "F" } as const;
  world.onServer({ ...folder, operation_id: "make" }, "bob");
  world.onServer({ ...own, operation_id: "move", parent_id: "F", name: "docs" }, "bob");
  await world.once();
  assert.equal(world.onDisk()["F/docs/late"], "/");
  world.close();
});

for (const parentId of [homeOf("bob"), "mine"]) {
  test(`files of a share in ${parentId} unknown to a restored server go to quarantine, not to the account's folders`, async () => {
    const world = new Shared("editor", { isMounted: false });
    await world.once();
    const backup = world.world.model.backUp();
    if (parentId === "mine")
      world.onServer({ op: "mkdir", operation_id: "mine", id: "mine", parent_id: homeOf("bob"), name: "mine" }, "bob");
    world.mount(parentId);
    world.ownerPuts("b.txt", "second");
    await world.once();
    const docs = parentId === "mine" ? "mine/docs" : "docs";
    world.write(`${docs}/sent.txt`, "sent");
    await world.once();
    world.write(`${docs}/a.txt`, "changed");
    world.move(`${docs}/b.txt`, "b.txt");
    world.world.model.restore(backup);
    world.grant(undefined);
    assert.equal((await world.once()).inSync, true);
    const { inSync, problems } = await world.once();
    assert.ok(inSync);
    const around = parentId === "mine" ? { mine: "/" } : {};
    const left = { ...around, "b.txt": "second" };
    assert.deepEqual([world.onDisk(), world.space("bob")], [left, left]);
    const { [docs]: _folder, mine: _around, ...aside } = world.aside("quarantine");
    assert.deepEqual(aside, { [`${docs}/a.txt`]: "changed", [`${docs}/sent.txt`]: "sent" });
    assert.deepEqual(
      problems.map(({ code, path }) => `${code} ${path}`).filter((each) => !each.startsWith("quarantined")),
      [`share_ended ${docs}`],
    );
    world.close();
  });
}
