import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { fc } from "@holdfast/tools/properties";
import { linux, renameExchange, SystemCallError } from "@holdfast/disk/native";
import { nativeBytes } from "@holdfast/disk/native-name";
import { bounded } from "@holdfast/tools/bounded";
import { isLongTier, longTest } from "@holdfast/tools/tiers";
import type { Hint } from "./hint-gathering.ts";
import { watchFolder } from "./watch-folder.ts";
import type { FolderWatch, WatchOptions } from "./watch-folder.ts";

const home = mkdtempSync(join(tmpdir(), "holdfast-watch-"));
after(() => rmSync(home, { recursive: true }));

interface Watched {
  readonly root: string;
  readonly watch: FolderWatch;
  readonly hints: Hint[];
  /** Waits until all paths were hinted since the last call. */
  readonly hinted: (...paths: string[]) => Promise<void>;
  readonly overflowed: () => Promise<void>;
}

async function makeWatched(context: TestContext, folders: readonly string[], options?: WatchOptions): Promise<Watched> {
  const root = mkdtempSync(join(home, "root-"));
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  const hints: Hint[] = [];
  let told = (): void => {};
  const watch = await watchFolder(
    root,
    (hint) => {
      hints.push(hint);
      told();
    },
    options,
  );
  context.after(() => watch.close());
  const until = async (what: string, isMet: () => boolean): Promise<void> => {
    const stillInTime = bounded(`a hint of ${what}`);
    while (!isMet()) {
      stillInTime();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      told = resolve;
      const giveUp = (): void => reject(new Error(`no hint of ${what}, but ${JSON.stringify(hints).slice(0, 2000)}`));
      const timer = setTimeout(giveUp, 60_000);
      await promise.finally(() => clearTimeout(timer));
    }
    hints.length = 0;
  };
  const has = (path: string): boolean => hints.some((hint) => "paths" in hint && hint.paths.includes(path));
  return {
    root,
    watch,
    hints,
    hinted: (...paths) => until(paths.join(", "), () => paths.every(has)),
    overflowed: () => until("an overflow", () => hints.some((hint) => "overflow" in hint)),
  };
}

async function assertWatchedEverywhere({ root, hinted }: Watched): Promise<void> {
  const folders = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !join(entry.parentPath, entry.name).startsWith(join(root, ".holdfast")))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  const proofs = ["", ...folders].map((folder) => (folder === "" ? "proof" : `${folder}/proof`));
  // If a new folder was unwatched, the folder itself was hinted, and is watched from then on.
  for (const path of proofs) writeFileSync(join(root, path), "x");
  await hinted(...folders, "");
  for (const path of proofs) appendFileSync(join(root, path), "y");
  await hinted(...proofs);
  for (const path of proofs) unlinkSync(join(root, path));
}

test("each kind of change gives a hint: an entry's by its folder, a content's or mode's by its file", async (context) => {
  const { root, hinted } = await makeWatched(context, ["a/b", "c"]);
  writeFileSync(join(root, "a/b/new"), "x");
  await hinted("a/b", "a/b/new");
  appendFileSync(join(root, "a/b/new"), "y");
  await hinted("a/b/new");
  chmodSync(join(root, "a/b/new"), 0o755);
  await hinted("a/b/new");
  chmodSync(join(root, "a/b"), 0o700);
  await hinted("a", "a/b");
  renameSync(join(root, "a/b/new"), join(root, "c/moved"));
  await hinted("a/b", "c");
  unlinkSync(join(root, "c/moved"));
  await hinted("c");
  mkdirSync(join(root, "top"));
  await hinted("");
});

test("changes by Holdfast in its own folder give no hints", async (context) => {
  const { root, hints, watch, hinted } = await makeWatched(context, [".holdfast/tmp", "a"]);
  writeFileSync(join(root, ".holdfast/tmp/x"), "x");
  mkdirSync(join(root, ".holdfast/new/deep"), { recursive: true });
  renameSync(join(root, ".holdfast/tmp"), join(root, ".holdfast/other"));
  assert.equal(await watch.proveWatch(60_000), true);
  assert.deepEqual(hints, []);
  writeFileSync(join(root, "a/x"), "x");
  await hinted("a/x");
});

test("deep folders created quickly are all watched", async (context) => {
  const watched = await makeWatched(context, ["a"]);
  const { root, hinted } = watched;
  for (let index = 0; index < 20; index += 1) {
    const folder = join(root, `a/${index}/b/c/d/e`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "hidden"), "x");
  }
  await hinted("a", "a/19/b/c/d/e");
  await assertWatchedEverywhere(watched);
});

test("moved folders keep their right paths: alone, over each other, out of the tree and back", async (context) => {
  const watched = await makeWatched(context, ["a/b/c", "d/e", "f/g"]);
  const { root, hinted } = watched;
  renameSync(join(root, "a"), join(root, "d/a"));
  await hinted("", "d");
  await assertWatchedEverywhere(watched);
  renameSync(join(root, "d/a/b"), join(root, "b"));
  renameSync(join(root, "d"), join(root, "a"));
  mkdirSync(join(root, "d"));
  await hinted("");
  await assertWatchedEverywhere(watched);
  const whole = (path: string) => ({ folder: -100, name: nativeBytes(join(root, path)) });
  linux().rename(whole("f"), whole("b"), renameExchange);
  await hinted("");
  await assertWatchedEverywhere(watched);
  const away = mkdtempSync(join(home, "away-"));
  renameSync(join(root, "a"), join(away, "a"));
  mkdirSync(join(away, "a/new/deep"), { recursive: true });
  renameSync(join(away, "a"), join(root, "again"));
  await hinted("", "again/new/deep");
  await assertWatchedEverywhere(watched);
});

test("after any operations on folders, all are watched under their names", async (context) => {
  const watched = await makeWatched(context, ["a/b", "b/a", "c"]);
  const { root, watch } = watched;
  const away = mkdtempSync(join(home, "away-"));
  const path = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
  const place = fc.tuple(fc.boolean(), path).map(([isAway, at]) => join(isAway ? away : root, at));
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant("move" as const), from: place, to: place }) },
    fc.record({ do: fc.constant("make" as const), to: place }),
    fc.record({ do: fc.constant("remove" as const), to: place }),
    fc.record({ do: fc.constant("wait" as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      for (const each of steps) {
        if (each.do === "wait") await new Promise(setImmediate);
        else if (each.do === "make") attempt(() => mkdirSync(each.to, { recursive: true }));
        else if (each.do === "remove") rmSync(each.to, { recursive: true, force: true });
        else attempt(() => renameSync(each.from, each.to));
      }
      // Events are ordered, so those of the steps have been handled.
      assert.equal(await watch.proveWatch(60_000), true);
      await assertWatchedEverywhere(watched);
    }),
    // Shrinking takes a minute per step, longer than the file's timeout, so the first failure's steps are shown.
    { numRuns: isLongTier ? 60 : 12, endOnFailure: true },
  );
});

test("10,000 files in new folders give hints as they arrive", async (context) => {
  const watched = await makeWatched(context, []);
  const { root, hints } = watched;
  const script = `
    const fs = require("node:fs");
    for (let folder = 0; folder < 100; folder += 1) {
      fs.mkdirSync(process.argv[1] + "/" + folder);
      for (let file = 0; file < 100; file += 1) fs.writeFileSync(process.argv[1] + "/" + folder + "/" + file, "x");
    }`;
  await promisify(execFile)(process.execPath, ["-e", script, root]);
  assert.equal(await watched.watch.proveWatch(60_000), true);
  const folders = Array.from({ length: 100 }, (_, folder) => `${folder}`);
  if (!hints.some((hint) => "overflow" in hint)) await watched.hinted(...folders);
  await assertWatchedEverywhere(watched);
});

function overwhelm(folder: string): void {
  const queued = Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8"));
  for (let index = 0; index < queued / 4 + 500; index += 1) {
    mkdirSync(join(folder, "x"));
    renameSync(join(folder, "x"), join(folder, "y"));
    rmdirSync(join(folder, "y"));
  }
}

test("more events than the system stores are reported as an overflow, and then everything is watched again", async (context) => {
  const watched = await makeWatched(context, ["a"]);
  overwhelm(join(watched.root, "a"));
  mkdirSync(join(watched.root, "a/late/deep"), { recursive: true });
  renameSync(join(watched.root, "a"), join(watched.root, "b"));
  await watched.overflowed();
  assert.equal(await watched.watch.proveWatch(60_000), true);
  await assertWatchedEverywhere(watched);
});

test("changes after an overflow are reported under present names, even if a move was not", async (context) => {
  const beside = Array.from({ length: 2000 }, (_, number) => `beside ${number}`);
  const { root, hinted, overflowed } = await makeWatched(context, ["a", ...beside]);
  overwhelm(join(root, "a"));
  renameSync(join(root, "a"), join(root, "b"));
  await overflowed();
  writeFileSync(join(root, "b/new"), "x");
  await hinted("b", "b/new");
});

test("at the system's limit the rest is watched, and a sentence gives advice", async (context) => {
  let watches = 0;
  const native = {
    ...linux(),
    addWatch: (watcher: number, path: Uint8Array, mask: number): number => {
      watches += 1;
      if (watches > 4) throw new SystemCallError("inotify_add_watch", 28);
      return linux().addWatch(watcher, path, mask);
    },
  };
  const { root, watch, hinted } = await makeWatched(context, ["a", "b", "c", "d", "e"], { native });
  const state = watch.state();
  assert.ok(state.kind === "limited" && state.message.includes(root) && state.message.includes("max_user_watches"));
  writeFileSync(join(root, "x"), "x");
  await hinted("x");
  const noMore = {
    ...linux(),
    makeWatcher: () => {
      throw new SystemCallError("inotify_init1", 24);
    },
  };
  const none = await makeWatched(context, [], { native: noMore });
  assert.equal(none.watch.state().kind, "limited");
  assert.equal(await none.watch.proveWatch(1000), false);
});

test("a moved root is reported as an overflow", async (context) => {
  const { root, overflowed } = await makeWatched(context, ["a"]);
  renameSync(root, join(dirname(root), "moved"));
  await overflowed();
});

longTest("an idle watching process never wakes up, and may end at any time", () => {
  const root = mkdtempSync(join(home, "root-"));
  mkdirSync(join(root, "a"));
  const script = `
    import { readFileSync, readdirSync } from "node:fs";
    import { watchFolder } from ${JSON.stringify(new URL("watch-folder.ts", import.meta.url).href)};
    const watch = await watchFolder(${JSON.stringify(root)}, () => {});
    if (!(await watch.proveWatch(60_000))) throw new Error("blind");
    const waits = () => readdirSync("/proc/self/task").map((task) =>
      Number(/voluntary_ctxt_switches:\\s+(\\d+)/.exec(readFileSync("/proc/self/task/" + task + "/status", "utf8"))[1]))
      .reduce((sum, each) => sum + each);
    const measured = [];
    for (let turn = 0; turn < 4; turn += 1) {
      const before = waits();
      await new Promise((resolve) => setTimeout(resolve, 500));
      measured.push(waits() - before);
    }
    console.log(Math.min(...measured));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    timeout: 120_000,
  });
  // One wakeup is the timer that ends the measurement. The quietest of several runs counts, because the machine is
  // shared.
  assert.ok(Number(output) <= 2, `${output} wakings`);
});

function attempt(act: () => unknown): void {
  try {
    act();
  } catch (thrown) {
    if (!(thrown instanceof Error && "errno" in thrown)) throw thrown;
  }
}
