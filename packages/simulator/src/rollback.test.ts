import assert from "node:assert/strict";
import { test } from "node:test";
import { Alone } from "./alone.ts";

const hourMicros = 3_600_000_000;
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `file ${index}`);

/** Files with two versions, beside as many that have one. */
async function withVersions(count: number): Promise<Alone> {
  const alone = new Alone();
  for (const name of names(count)) alone.write(name, `yesterday's ${name}`);
  await alone.once({ brake: undefined });
  alone.world.scheduler.nowMicros += 24 * hourMicros;
  for (const name of names(count)) {
    alone.write(name, `today's ${name}`);
    alone.write(`new ${name}`, `new ${name}`);
  }
  assert.ok((await alone.once({ brake: undefined })).inSync);
  alone.world.scheduler.nowMicros += hourMicros;
  return alone;
}

/** As a backup is put back. */
function restore(alone: Alone, name: string, ageMicros = 25 * hourMicros): void {
  alone.write(name, `yesterday's ${name}`);
  setTime(alone, name, alone.root.timeNs() - BigInt(ageMicros) * 1000n);
}

function setTime(alone: Alone, name: string, mtimeNs: bigint): void {
  alone.root.write(alone.root.mustBeAt(name), { mtimeNs }, true);
}

function onServer(alone: Alone, prefix: string): number {
  return [...alone.serverContents().values()].filter((text) => text.startsWith(prefix)).length;
}

for (const answer of ["undo", "approve"] as const) {
  test(`a restored backup waits, with the files that it lacks, until a person says ${answer}`, async () => {
    const alone = await withVersions(20);
    for (const name of names(20)) {
      restore(alone, name);
      alone.remove(`new ${name}`);
    }
    alone.write("beside", "beside");
    const engine = alone.make({ brake: undefined });
    const { problems, deletionsWaiting } = await alone.pass(engine.runOnce());
    assert.deepEqual([problems.map(({ code }) => code), deletionsWaiting], [["rolled_back"], 20]);
    assert.deepEqual(
      ["today's", "new", "beside"].map((prefix) => onServer(alone, prefix)),
      [20, 20, 1],
    );
    const waiting = engine.waitingDeletions();
    assert.deepEqual(waiting.map(({ what, why }) => `${what} ${why}`).toSorted(), [
      ...Array.from({ length: 20 }, () => "deletion many"),
      ...Array.from({ length: 20 }, () => "rewrite rollback"),
    ]);
    const ids = waiting.map(({ id }) => id);
    if (answer === "undo") engine.undoDeletions(ids);
    else engine.approveDeletions(ids);
    assert.deepEqual(await alone.pass(engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
    const left = answer === "undo" ? [0, 20, 20] : [20, 0, 0];
    assert.deepEqual(
      ["yesterday's", "today's", "new"].map((prefix) => onServer(alone, prefix)),
      left,
    );
    for (const [path, text] of alone.serverContents()) assert.equal(alone.read(path), text);
    alone.close();
  });
}

test("two files that go back to old versions with old times go, and nine with the time of now", async () => {
  const alone = await withVersions(11);
  restore(alone, "file 0");
  restore(alone, "file 1");
  alone.remove("new file 0");
  for (const name of names(9).slice(2)) restore(alone, name, 0);
  assert.deepEqual(await alone.once({ brake: undefined }), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.equal(onServer(alone, "yesterday's"), 9);
  restore(alone, "file 9", 0);
  assert.deepEqual(
    (await alone.once({ brake: undefined })).problems.map(({ code }) => code),
    ["rolled_back"],
  );
  assert.equal(onServer(alone, "yesterday's"), 9);
  assert.ok((await alone.once({ brake: "off" })).inSync);
  alone.close();
});

test("what is deleted long after files went back, while these still wait, goes as ever", async () => {
  const alone = await withVersions(5);
  for (const name of names(3)) restore(alone, name);
  assert.equal((await alone.once({ brake: undefined })).problems.length, 1);
  alone.remove("new file 0");
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 1);
  alone.world.scheduler.nowMicros += hourMicros;
  alone.remove("new file 1");
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 1);
  assert.equal(onServer(alone, "new"), 4);
  alone.close();
});

for (const [what, damage] of Object.entries<(alone: Alone, name: string) => void>({
  "became empty": (alone, name) => alone.write(name, ""),
  "are zeros now": (alone, name) => alone.write(name, "\0".repeat(20)),
  "changed without a new time": (alone, name) => {
    const { mtimeNs } = alone.root.mustBeAt(name).now;
    alone.write(name, `other bytes ${name}`);
    setTime(alone, name, mtimeNs);
  },
})) {
  test(`five files that ${what} wait, and four go`, async () => {
    const alone = await withVersions(9);
    for (const name of names(4)) damage(alone, name);
    assert.ok((await alone.once({ brake: undefined })).inSync);
    assert.equal(onServer(alone, "today's"), 5);
    alone.world.scheduler.nowMicros += hourMicros;
    for (const name of names(9).slice(4)) damage(alone, name);
    const engine = alone.make({ brake: undefined });
    assert.deepEqual(
      (await alone.pass(engine.runOnce())).problems.map(({ code }) => code),
      ["damaged"],
    );
    assert.equal(onServer(alone, "today's"), 5);
    engine.undoDeletions(engine.waitingDeletions().map(({ id }) => id));
    assert.ok((await alone.pass(engine.runOnce())).inSync);
    for (const name of names(9).slice(4)) assert.equal(alone.read(name), `today's ${name}`);
    alone.close();
  });
}
