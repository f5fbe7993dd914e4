import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { NodeId } from "@holdfast/core/ids";
import type { Rules } from "../../rules/rules.ts";
import { inParts, type Looked, type Part } from "./look-parts.ts";

const none: ReadonlySet<string> = new Set();
const partOf = (number: number, more: Partial<Part> = {}): Part => ({
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
  isSure: (path) => path !== `doubtful ${number}`,
  again: none,
  isUnsettled: false,
  later: [],
  ...more,
});

const partsCount = 40;
const top = { id: "f" as NodeId, path: "f" };

function lookInParts(onPart: (part: Part) => void = () => {}): Promise<Looked> {
  let number = 0;
  return inParts(async () => {
    number += 1;
    const part = partOf(number, { isComplete: number !== 7, later: number < partsCount ? [top] : [] });
    onPart(part);
    return part;
  });
}

test("a look in parts tells what any of its parts tells", async () => {
  const looked = await lookInParts();
  assert.equal(looked.skipped.size, partsCount);
  assert.equal(looked.keepers.size, partsCount);
  assert.equal(looked.isComplete, false);
  assert.equal(looked.isSure("doubtful 3"), false);
  assert.equal(looked.isSure(`doubtful ${partsCount}`), false);
  assert.equal(looked.isSure("any"), true);
  assert.ok(!("changes" in looked));
});

test("a look in parts holds no rows of the parts that are over, however many there were", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const rows: WeakRef<object>[] = [];
  const looked = await lookInParts(({ changes }) => rows.push(new WeakRef(changes)));
  assert.equal(rows.length, partsCount);
  // A weak reference just read stays alive until the turn of the event loop ends.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  const held = rows.filter((row) => row.deref() !== undefined);
  assert.equal(held.length, 0);
  assert.equal(looked.isSure("any"), true);
});

test("a look in parts under rules that changed meanwhile begins anew", async () => {
  const digests = ["old", "new", "new", "new"];
  const tops: unknown[] = [];
  const looked = await inParts(async (given) => {
    tops.push(given);
    const digest = digests[tops.length - 1] ?? "";
    return partOf(tops.length, { rules: { digest } as Rules, later: tops.length % 2 === 1 ? [top] : [] });
  });
  assert.deepEqual(tops, [undefined, [top], undefined, [top]]);
  assert.deepEqual([...looked.skipped.keys()], ["skipped 3", "skipped 4"]);
});
