import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runWatched } from "./watch-root.ts";

const home = mkdtempSync(join(tmpdir(), "holdfast-watch-root-"));
after(() => rmSync(home, { recursive: true }));

test("changes since the first scan are reported by path, and never cause a second full scan", async () => {
  const root = join(home, "root");
  for (const folder of ["one", "one/deep", "two"]) mkdirSync(join(root, folder), { recursive: true });
  const hints: (readonly string[] | "everything")[] = [];
  const reported = Promise.withResolvers<void>();
  const problems: unknown[] = [];
  const engine = {
    hint: (folders?: Iterable<string>) => {
      hints.push(folders === undefined ? "everything" : [...folders]);
      if (hints.flat().includes("one/deep")) reported.resolve();
    },
    run: async () => {
      assert.deepEqual(hints, []);
      writeFileSync(join(root, "one/deep/new"), "");
      await reported.promise;
    },
  };
  await runWatched(root, engine, (some) => problems.push(...some));
  assert.equal(hints.includes("everything"), false, JSON.stringify(hints));
  assert.deepEqual(problems, []);
});

test("Holdfast's own writes wake no scan", async () => {
  const root = join(home, "with-own");
  for (const folder of [".config/holdfast/sync", "docs"]) mkdirSync(join(root, folder), { recursive: true });
  const hints: string[] = [];
  const reported = Promise.withResolvers<void>();
  const engine = {
    hint: (folders: Iterable<string> = []) => {
      hints.push(...folders);
      if (hints.includes("docs")) reported.resolve();
    },
    run: async () => {
      writeFileSync(join(root, ".config/holdfast/sync/state"), "1");
      writeFileSync(join(root, ".config/holdfast/login"), "1");
      writeFileSync(join(root, "docs/new"), "");
      await reported.promise;
    },
  };
  await runWatched(root, engine, () => undefined, [".config/holdfast"]);
  assert.deepEqual(
    hints.filter((path) => path.startsWith(".config")),
    [],
  );
});

test("a folder that cannot be watched is still synced, and the problem is reported", async () => {
  const problems: { readonly code: string }[] = [];
  let hasRun = false;
  const engine = { hint: () => undefined, run: async () => void (hasRun = true) };
  await runWatched(join(home, "nowhere"), engine, (some) => problems.push(...some));
  assert.equal(hasRun, true);
  assert.deepEqual(
    problems.map(({ code }) => code),
    ["not_watched"],
  );
});

for (const [filesystem, folder] of [
  ["NFS", "on-nfs"],
  [undefined, "nowhere"],
] as const) {
  test(`a folder ${filesystem === undefined ? "without a watch" : "on a filesystem that others change"} is scanned every 5 minutes, which is reported`, async (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    const root = join(home, folder);
    if (filesystem !== undefined) mkdirSync(root);
    const messages: string[] = [];
    let scans = 0;
    const counts: number[] = [];
    const engine = {
      hint: (folders?: Iterable<string>) => void (scans += folders === undefined ? 1 : 0),
      run: async () => {
        for (let minute = 1; minute <= 11; minute += 1) {
          t.mock.timers.tick(60_000);
          counts.push(scans);
        }
      },
    };
    const remark: Parameters<typeof runWatched>[2] = (some) => messages.push(...some.map(({ message }) => message));
    await runWatched(root, engine, remark, [], () => filesystem);
    assert.deepEqual(counts, [0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2]);
    t.mock.timers.tick(3600_000);
    assert.equal(scans, 2, "not after its end");
    assert.equal(messages.length, 1);
    assert.match(messages[0] ?? "", /found by a scan every 5 minutes\.$/);
    if (filesystem !== undefined)
      assert.match(messages[0] ?? "", /is on NFS\. This system is not notified of changes that other machines/);
  });
}
