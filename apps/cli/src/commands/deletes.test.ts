import assert from "node:assert/strict";
import { after, test } from "node:test";
import { holdfast } from "@holdfast/server/acceptance/testing";
import { ShownConfiguration } from "../sync/page/testing-syncs.ts";

const configuration = new ShownConfiguration();
after(() => configuration.close());
const deletes = (...args: string[]) =>
  holdfast(["deletes", ...args], { env: { HOLDFAST_CONFIG_DIR: configuration.folder } });

test("while the client still looks and works there may be more deletions, and the list says so, none waiting yet or some", async () => {
  const { shown } = await configuration.add("drive");
  const { root } = shown.sync.record;
  const growing = `The sync of ${root} still looks and works: there may be more once it is done.\n`;
  const next = "To let them go: holdfast deletes approve. To bring them back: holdfast deletes undo.\n";

  shown.now = { ...shown.now, state: "syncing" };
  for (const args of [[], ["ls"]]) {
    const none = await deletes(...args);
    assert.deepEqual([none.code, none.stdout, none.stderr], [0, "", `None wait so far.\n${growing}`]);
  }
  shown.deletions = [{ id: "a", what: "deletion", path: "x", side: "here", kind: "file", bytes: 1 }];
  for (const args of [[], ["ls"]]) {
    const some = await deletes(...args);
    assert.equal(some.stderr, growing + next);
    assert.match(some.stdout, /\bx\b/);
  }
  shown.now = { ...shown.now, state: "waiting" };
  assert.equal((await deletes()).stderr, next);
  shown.deletions = [];
  assert.equal((await deletes()).stderr, "None wait.\n");
});

test("a folder is listed alone, and rewritten files are not counted as deletions", async () => {
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
  const approved = await deletes("approve", root);
  assert.equal(approved.stdout, `${root}: 1 deletion and 1 rewritten file approved\n`, approved.stderr);
  assert.deepEqual([one.told, other.told], [["approve a,b"], []]);
  // Answered by another device meanwhile.
  other.deletions = [];
  const late = await deletes("undo", otherRoot);
  assert.deepEqual([late.code, late.stderr], [1, "holdfast: No deletions wait here.\n"]);
});
