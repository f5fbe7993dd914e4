import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { launcher } from "@holdfast/server/acceptance/testing";
import { lastStatus, saveLastStatus } from "../sync/last-status.ts";
import { ShownConfiguration } from "../sync/page/testing-syncs.ts";
import { runHere } from "./testing-run.ts";

const configuration = new ShownConfiguration();
after(() => configuration.close());
const deletes = (...args: string[]) =>
  runHere({ ...process.env, HOLDFAST_CONFIG_DIR: configuration.folder }, ["deletes", ...args]);

test("while a sync is in progress, the list warns that more deletions may follow, even if none waits yet", async () => {
  const { shown } = await configuration.add("drive");
  const { root } = shown.sync.record;
  const growing = `The sync of ${root} is still in progress. More deletions may follow.\n`;
  const next = "To delete them: holdfast deletes approve. To restore them: holdfast deletes undo.\n";

  shown.now = { ...shown.now, state: "syncing" };
  for (const args of [[], ["ls"]]) {
    const none = await deletes(...args);
    assert.deepEqual([none.code, none.stdout, none.stderr], [0, "", `No deletions are waiting yet.\n${growing}`]);
  }
  shown.deletions = [{ id: "a", what: "deletion", path: "x", side: "here", kind: "file", bytes: 1 }];
  for (const args of [[], ["ls"]]) {
    const some = await deletes(...args);
    assert.equal(some.stderr, growing + next);
    assert.match(some.stdout, /\bx\b/);
  }
  shown.now = { ...shown.now, state: "waiting" };
  assert.equal((await deletes()).stderr, next);
  shown.deletions = [{ id: "a", what: "deletion", why: "many", path: "x", side: "here", kind: "file", bytes: 1 }];
  const { stderr } = await deletes();
  assert.ok(stderr.startsWith("Deletions wait once there are 500 within an hour, ") && stderr.endsWith(next), stderr);
  shown.deletions = [];
  assert.equal((await deletes()).stderr, "No deletions are waiting.\n");
});

test("approve and undo without waiting deletions fail with the same sentence on a terminal and in a script", async () => {
  const { shown } = await configuration.add("quiet");
  const { root } = shown.sync.record;
  for (const action of ["approve", "undo"])
    for (const streams of [{}, { typed: "", columns: 80 }])
      assert.deepEqual(
        await runHere(
          { ...process.env, HOLDFAST_CONFIG_DIR: configuration.folder },
          ["deletes", action, root],
          streams,
        ),
        {
          code: 1,
          stdout: "",
          stderr: "holdfast: No deletions are waiting.\n",
        },
      );
});

test("a folder is listed separately, and rewritten files are not counted as deletions", async () => {
  const one = (await configuration.add("one")).shown;
  const other = (await configuration.add("other")).shown;
  const [root, otherRoot] = [one.sync.record.root, other.sync.record.root];
  const waiting = { side: "server", kind: "file", bytes: 1 } as const;
  one.deletions = [
    { ...waiting, id: "a", what: "deletion", path: "x" },
    { ...waiting, id: "b", what: "rewrite", path: "y" },
  ];
  other.deletions = [{ ...waiting, id: "c", what: "rewrite", path: "z" }];
  const listed = await deletes(root);
  assert.equal(listed.stdout, `${root}\n  x would be deleted on the server\n  y would be rewritten on the server\n`);
  assert.equal((await deletes("ls", otherRoot)).stdout, `${otherRoot}/z  (would be rewritten on the server)\n`);
  assert.equal(
    (await deletes(otherRoot)).stderr,
    "To apply them: holdfast deletes approve. To restore the server's versions: holdfast deletes undo.\n",
  );
  const approved = await deletes("approve", root);
  assert.equal(approved.stdout, `${root}: 1 deletion and 1 rewritten file approved\n`, approved.stderr);
  assert.deepEqual([one.calls, other.calls], [["approve a,b"], []]);
  other.deletions = [];
  const late = await deletes("undo", otherRoot);
  assert.deepEqual([late.code, late.stderr], [1, "holdfast: No deletions are waiting.\n"]);
});

test("a folder replaced by a link is listed as such", async () => {
  const { shown } = await configuration.add("replaced");
  const { root } = shown.sync.record;
  shown.deletions = ["photos", "photos/1", "photos/2"].map((path, index) => {
    const kind = index === 0 ? ("folder" as const) : ("file" as const);
    return { id: path, what: "deletion", why: "replaced", path, side: "server", kind, bytes: 100 * index };
  });
  assert.match(
    (await deletes(root)).stdout,
    /photos\/: 2 files and 1 folder \(300 B\) would be deleted on the server; replaced here by a link or file\n$/u,
  );
});

test("reverted and possibly damaged files are listed as such, and unknown kinds of newer clients as rewrites", async () => {
  const { shown } = await configuration.add("reasons");
  const { root } = shown.sync.record;
  shown.deletions = ["rollback", "damage", "many", "something new"].map((why) => {
    return { id: why, what: "rewrite", why, path: why, side: "server", kind: "file", bytes: 1 };
  });
  assert.equal(
    (await deletes("ls", root)).stdout,
    [
      `${root}/rollback  (would go back to an older version on the server)\n`,
      `${root}/damage  (looks damaged, and would be replaced on the server)\n`,
      `${root}/many  (would be rewritten on the server)\n`,
      `${root}/something new  (would be rewritten on the server)\n`,
    ].join(""),
  );
  assert.doesNotMatch((await deletes(root)).stderr, /Deletions wait once/);
});

test("a dry run of undo lists what would be restored and where, and restores nothing", async () => {
  const { shown } = await configuration.add("dry");
  const { root } = shown.sync.record;
  const waiting = { what: "deletion", kind: "file", bytes: 7 } as const;
  shown.deletions = [
    { ...waiting, id: "a", path: "x", side: "server" },
    { ...waiting, id: "b", path: "y", side: "here" },
  ];
  const dryRun = ["undo", root, "--dry-run"];
  assert.match((await deletes(...dryRun)).stderr, /waiting changes that you have not seen yet/);
  await deletes(root);
  const { code, stdout } = await deletes(...dryRun);
  assert.deepEqual(
    [code, stdout],
    [
      0,
      `${root}\n  x would be restored here\n  y would be restored on the server\n2 deletions would be undone. This was a dry run: nothing was changed.\n`,
    ],
  );
  const { items, dry_run } = JSON.parse((await deletes(...dryRun, "--json")).stdout);
  assert.deepEqual([items, dry_run], [shown.deletions.map((each) => ({ root, ...each })), true]);
  assert.deepEqual(shown.calls, []);
  assert.equal((await deletes("undo", root)).stdout, `${root}: 2 deletions undone\n`, "it counts as shown");
});

test("undo skips approved deletions that a killed run already applied or sent, and undoes those still waiting", async () => {
  const sync = await configuration.addStopped("killed");
  const { report } = await lastStatus(sync);
  const made = { id: "a", what: "deletion", path: "x", side: "server", kind: "file", bytes: 1 } as const;
  const answers = [{ action: "approve" as const, answered: [made] }];
  const { root } = sync.record;
  const cannot =
    "1 deletion cannot be undone: already applied or sent by the last run. 'holdfast trash ls' lists the files.\n";
  await saveLastStatus(sync.folder, { report, deletions: [], answers });
  await deletes(root);
  const none = await deletes("undo", root);
  assert.deepEqual([none.code, none.stderr], [1, `holdfast: ${cannot}`]);
  await saveLastStatus(sync.folder, { report, deletions: [{ ...made, id: "b", path: "y" }], answers });
  await deletes(root);
  const some = await deletes("undo", root);
  assert.deepEqual([some.code, some.stdout], [0, `${root}: 1 deletion undone; restored at the next sync\n`]);
  assert.ok(some.stderr.startsWith(cannot), some.stderr);
});

test("Ctrl-C in 'deletes undo' finishes the current sync, and reports which are done and which are not", async (t) => {
  const several = new ShownConfiguration();
  t.after(() => several.close());
  const begun = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const roots: string[] = [];
  for (const key of ["one", "two"]) {
    const { shown } = await several.add(key);
    roots.push(shown.sync.record.root);
    shown.deletions = [{ id: "a", what: "deletion", path: "x", side: "server", kind: "file", bytes: 1 }];
    shown.undoDeletions = () => {
      begun.resolve();
      return key === "one" ? answered.promise : new Promise(() => undefined);
    };
  }
  const env = { ...process.env, HOLDFAST_CONFIG_DIR: several.folder };
  await runHere(env, ["deletes"]);
  const child = spawn(launcher, ["deletes", "undo"], { env });
  const said = text(child.stderr);
  const exit = once(child, "exit");
  await begun.promise;
  child.kill("SIGINT");
  answered.resolve();
  assert.deepEqual(
    [await exit, await said],
    [
      [130, null],
      `holdfast: interrupted. Done: ${roots[0]}: 1 deletion undone. Not confirmed: ${roots[1]}. To continue, run 'holdfast deletes undo' again: it includes only changes that are still waiting. 'holdfast deletes' lists them.\n`,
    ],
  );
});
