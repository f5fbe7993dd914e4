/**
 * Checks that everything the command reports as done is durable. Its system calls show that content, name and
 * attributes are synced in this order before it exits.
 */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import { administrator, holdfast, launcher } from "@holdfast/server/acceptance/testing";
import { noise } from "@holdfast/sync-ports/local-disk-conformance";
import { requireComponent } from "@holdfast/tools/components";
import { recordCalls } from "@holdfast/tools/system-calls/record-calls";
import { findUndurable } from "@holdfast/tools/system-calls/undurable";
import { isLongTier } from "@holdfast/tools/tiers";
import { Home } from "./home.ts";

let home: Home;
let place: string;

before(async () => {
  home = await Home.open("durable");
  place = join(home.folder, "device");
  mkdirSync(join(place, "config"), { recursive: true });
});
after(() => home.close());

async function assertDurable(t: TestContext, args: readonly string[], folder: string, input?: string): Promise<void> {
  const env = { HOLDFAST_CONFIG_DIR: join(place, "config"), HOME: place };
  const recording = await recordCalls(t, {
    command: [launcher, ...args],
    folder,
    env,
    ...(input !== undefined && { input }),
  });
  const { atEnd, namedEarly } = findUndurable(recording);
  const problems = [...atEnd, ...namedEarly.map((path) => `named early: ${path}`)].filter((each) => !isRenewed(each));
  assert.deepEqual(problems, [], args.join(" "));
}

/**
 * True for files that need not be durable. The command creates them again: compiled code, the put journal, indexes of
 * logs. Locks and clocks have no content. A log that reappears has nothing that is not in its database. The sync log is
 * only for people. A stale control file is harmless, because nobody responds there.
 */
function isRenewed(problem: string): boolean {
  const inConfig =
    /\/config\/(?:compiled$|compiled\/|(?:put-journal|fetched)\.sqlite|.*\/log\.jsonl$|.*-shm$|.*\.lock(?:-journal)?$)/;
  return (
    inConfig.test(problem) || /^removal of .*(?:-wal|\/control\.json)$|\/\.holdfast\/(?:clock|lock)$/.test(problem)
  );
}

function makeTree(root: string): void {
  mkdirSync(join(root, "folder/empty"), { recursive: true });
  for (let number = 0; number < (isLongTier ? 150 : 40); number += 1)
    writeFileSync(join(root, `folder/${number}`), `file ${number}`);
  writeFileSync(join(root, "large.bin"), noise(9_000_000, 1));
  writeFileSync(join(root, "run.sh"), "#!/bin/sh\n");
  chmodSync(join(root, "run.sh"), 0o755);
  symlinkSync("run.sh", join(root, "link"));
}

test("login, get and sync make everything durable that they report as done", async (t) => {
  if (!requireComponent(t, "strace")) return;
  const signIn = ["login", home.server.url, "--email", administrator.email, "--password-stdin"];
  await assertDurable(t, signIn, join(place, "config"), `${administrator.password}\n`);

  const tree = join(place, "tree");
  mkdirSync(tree);
  makeTree(tree);
  if (isLongTier) await assertDurable(t, ["put", tree, "/"], join(place, "config"));
  else {
    const env = { HOLDFAST_CONFIG_DIR: join(place, "config"), HOME: place };
    const { code, stderr } = await holdfast(["put", tree, "/"], { env });
    assert.equal(code, 0, stderr);
  }

  const got = join(place, "got");
  mkdirSync(got);
  await assertDurable(t, ["get", "/tree", `${got}/`], got);
  utimesSync(join(got, "tree/run.sh"), 1, 1);
  utimesSync(join(got, "tree/large.bin"), 1, 1);
  writeFileSync(join(got, "tree/folder/7"), "something else");
  await assertDurable(t, ["get", "/tree", `${got}/`, "--overwrite"], got);

  const synced = join(place, "synced");
  await assertDurable(t, ["sync", synced, "--once"], place);
  writeFileSync(join(synced, "tree/folder/new"), "from here");
  rmSync(join(synced, "tree/folder/3"));
  await assertDurable(t, ["sync", synced, "--once"], place);
  if (isLongTier) await assertDurable(t, ["logout"], join(place, "config"));
});
