import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { planGet, replacedMode } from "./get/get-plan.ts";
import { planCompared, planPut } from "./put/put-plan.ts";
import type { LocalState, RemoteState } from "./put/put-plan.ts";
import { toMicros, toTimeText } from "./times.ts";

/** An item of a flat tree. Its content is one repeated letter, whose count is the size. */
interface Item extends LocalState {
  readonly content: string;
}

const content = fc.constantFrom("", "a", "b", "aa", "bb");
const item: fc.Arbitrary<Item> = fc
  .record({
    kind: fc.constantFrom("file", "folder", "symlink"),
    content,
    mtimeMicros: fc.integer({ min: 0, max: 3 }),
    executable: fc.boolean(),
  })
  .map((each) => Object.assign(each, { sizeBytes: each.content.length, target: `to-${each.content}` }));
const listing = fc.dictionary(fc.constantFrom("one", "two", "three"), item);

const toRemote = (name: string, { kind, content: text, mtimeMicros, executable, target = "" }: Item): RemoteState => ({
  id: name,
  kind,
  size: text.length,
  version_id: "v",
  content_id: text,
  modified_at: toTimeText(mtimeMicros) ?? "",
  executable,
  ...(kind === "symlink" ? { target } : {}),
});

function finalStep(local: Item, remote: RemoteState | undefined) {
  const step = planPut(local, remote);
  return step.do === "compare" ? planCompared(local, local.content, step.remote, true) : step;
}

test("after put --times the server has every accepted name as it is here, and a second put does nothing", () => {
  fc.assert(
    fc.property(listing, listing, (locals, remotes) => {
      const server = new Map(Object.entries(remotes).map(([name, each]) => [name, toRemote(name, each)]));
      for (const [name, local] of Object.entries(locals)) {
        const before = server.get(name);
        const step = finalStep(local, before);
        if (step.do === "refuse") {
          assert.ok((local.kind === "folder") !== (before?.kind === "folder"), "only folders are refused");
          continue;
        }
        if (step.do !== "keep") server.set(name, toRemote(name, local));
        const after = server.get(name);
        assert.equal(after?.kind, local.kind);
        if (local.kind === "file") assert.deepEqual(after, toRemote(name, local));
        if (local.kind === "symlink") assert.equal(after.target, local.target);
        assert.deepEqual(finalStep(local, after), { do: "keep" });
      }
      for (const name of Object.keys(remotes)) assert.ok(server.has(name), "a put removes nothing");
    }),
  );
});

test("a time that alone changed is sent only on request, and together with the executable bit", () => {
  const local = { kind: "file", sizeBytes: 1, mtimeMicros: 5, executable: false } as const;
  const touched = toRemote("x", { ...local, content: "a", mtimeMicros: 7 });
  assert.equal(planCompared(local, "a", touched).do, "keep");
  assert.equal(planCompared(local, "a", touched, true).do, "attributes");
  assert.equal(planCompared(local, "a", { ...touched, executable: true }).do, "attributes");
});

test("equal size and time are not considered equal content", () => {
  const local = { kind: "file", sizeBytes: 1, mtimeMicros: 5, executable: false } as const;
  const remote = toRemote("x", { ...local, content: "a" });
  assert.equal(planPut(local, remote).do, "compare");
  assert.equal(planCompared(local, "b", remote).do, "update");
  assert.equal(planGet(remote, { kind: "file", sizeBytes: 1 }).do, "compare");
});

test("get keeps, compares, replaces or refuses by kind, and follows no link", () => {
  const kinds = ["file", "folder", "symlink", "other"] as const;
  const table = kinds.map((local) =>
    (["file", "folder", "symlink"] as const).map(
      (kind) => planGet({ kind, size: 1 }, { kind: local, sizeBytes: 2 }).do,
    ),
  );
  assert.deepEqual(table, [
    ["replace", "refuse", "replace"],
    ["refuse", "keep", "refuse"],
    ["replace", "refuse", "keep"],
    ["refuse", "refuse", "refuse"],
  ]);
  assert.equal(
    planGet({ kind: "symlink", size: 0, target: "a" }, { kind: "symlink", sizeBytes: 1 }, "b").do,
    "replace",
  );
  assert.equal(planGet({ kind: "file", size: 0 }, undefined).do, "create");
});

test("a replaced file keeps its permissions except the executable bit", () => {
  assert.equal(replacedMode(0o600, false), 0o600);
  assert.equal(replacedMode(0o600, true), 0o700);
  assert.equal(replacedMode(0o755, false), 0o644);
  assert.equal(replacedMode(0o640, true), 0o750);
});

test("times survive the transfer to the microsecond", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (micros) => {
      assert.equal(toMicros(toTimeText(micros) ?? ""), micros);
    }),
  );
  assert.equal(toTimeText(1e18), undefined);
  assert.equal(toMicros("2026-01-01T00:00:00Z"), Date.parse("2026-01-01") * 1000);
  assert.equal(toMicros("2026-01-01T00:00:00.5Z"), Date.parse("2026-01-01") * 1000 + 500_000);
});
