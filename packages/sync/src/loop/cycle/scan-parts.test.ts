import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { NodeId } from "@holdfast/core/ids";
import type { Rules } from "../../rules/rules.ts";
import { scanInParts, type ScanSummary, type ScanPart } from "./scan-parts.ts";

const none: ReadonlySet<string> = new Set();
const partOf = (number: number, more: Partial<ScanPart> = {}): ScanPart => ({
  rules: { digest: "d" } as Rules,
  changes: new Map([[`n${number}` as NodeId, undefined]]),
  skipped: new Map([[`skipped ${number}`, { code: "skipped", reason: "r" }]]),
  keepers: new Set([`keeper ${number}`]),
  nowHidden: new Map(),
  listed: none,
  unread: new Map(),
  held: new Set([`held ${number}`]),
  boundaries: none,
  otherRoots: none,
  isComplete: true,
  isCertain: (path) => path !== `doubtful ${number}`,
  rescan: none,
  isUnsettled: false,
  later: [],
  ...more,
});

const partsCount = 40;
const top = { id: "f" as NodeId, path: "f" };

function lookInParts(onPart: (part: ScanPart) => void = () => {}): Promise<ScanSummary> {
  let number = 0;
  return scanInParts(async () => {
    number += 1;
    const part = partOf(number, { isComplete: number !== 7, later: number < partsCount ? [top] : [] });
    onPart(part);
    return part;
  });
}

test("a scan in parts combines the reports of all its parts", async () => {
  const summary = await lookInParts();
  assert.equal(summary.skipped.size, partsCount);
  assert.equal(summary.keepers.size, partsCount);
  assert.equal(summary.isComplete, false);
  assert.equal(summary.isCertain("doubtful 3"), false);
  assert.equal(summary.isCertain(`doubtful ${partsCount}`), false);
  assert.equal(summary.isCertain("any"), true);
  assert.ok(!("changes" in summary));
});

test("a scan in parts releases the rows of completed parts, regardless of their number", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const rows: WeakRef<object>[] = [];
  const summary = await lookInParts(({ changes }) => rows.push(new WeakRef(changes)));
  assert.equal(rows.length, partsCount);
  // A weak reference just read stays alive until the turn of the event loop ends.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  const held = rows.filter((row) => row.deref() !== undefined);
  assert.equal(held.length, 0);
  assert.equal(summary.isCertain("any"), true);
});

test("a scan in parts restarts when the rules change meanwhile", async () => {
  const digests = ["old", "new", "new", "new"];
  const startFolders: unknown[] = [];
  const summary = await scanInParts(async (given) => {
    startFolders.push(given);
    const digest = digests[startFolders.length - 1] ?? "";
    return partOf(startFolders.length, {
      rules: { digest } as Rules,
      later: startFolders.length % 2 === 1 ? [top] : [],
    });
  });
  assert.deepEqual(startFolders, [undefined, [top], undefined, [top]]);
  assert.deepEqual([...summary.skipped.keys()], ["skipped 3", "skipped 4"]);
});
