import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { ContentKey, LocalRow, Refusal, Trees } from "../../model/trees.ts";
import { PersistentRefusals } from "../tracking/persistent-refusals.ts";
import { isOwnersQuota, isTransient, needsPerson, problemOf, problemsOfRefusals } from "./problems.ts";
import { SkippedItems } from "../tracking/skipped-items.ts";
import { UnreadableFiles } from "../tracking/unreadable-files.ts";

const rootId = "root" as NodeId;
const [folder, file] = ["folder", "file"] as [NodeId, NodeId];

function onDisk(...rows: readonly (readonly [NodeId, Partial<LocalRow>])[]): Trees {
  const fingerprint = { inode: 1n, sizeBytes: 0, mtimeNs: 0n, ctimeNs: 0n, birthNs: 0n };
  const blank = { kind: "file", parent: rootId, name: "", content: "" as ContentKey, executable: false } as const;
  const local = new Map(rows.map(([id, row]) => [id, { ...blank, fingerprint, readState: "known" as const, ...row }]));
  const none = new Map<NodeId, never>();
  return { rootId, local, remote: none, synced: none, offers: [], intents: none, shares: none, rights: none };
}

const refusal = (nodeId: NodeId, code: string): Refusal => ({ nodeId, digest: code, code, notBeforeMs: 0 });

test("a refusal is listed with its full path and advice, unless it is expected to end automatically", () => {
  const trees = onDisk([folder, { kind: "folder", name: "f" }], [file, { parent: folder, name: "a.txt" }]);
  const listed = problemsOfRefusals(trees, [
    refusal(file, "quota"),
    refusal(file, "conflict"),
    refusal(folder, "forbidden"),
  ]);
  assert.deepEqual(
    listed.map(({ path, code }) => [path, code]),
    [
      ["f/a.txt", "quota"],
      ["f", "forbidden"],
    ],
  );
  assert.match(listed[0]?.message ?? "", /^Not enough space in your quota\. .*'holdfast df' shows what uses it/);
  assert.ok(listed.every(needsPerson));
  const [deep] = problemsOfRefusals(trees, [refusal(file, "invalid_field")]);
  assert.match(deep?.message ?? "", /128 names and 4096 bytes/);
  const [below] = problemsOfRefusals(trees, [refusal(file, "dependency")], () => true);
  assert.match(below?.message ?? "", /usually to the parent folder/);
  assert.ok(isTransient("exists") && !isTransient("too_large"));
});

test("a refusal for lack of space in a shared folder names the folder and its owner's space, and not the quota here", () => {
  const mount = "mount" as NodeId;
  const trees = {
    ...onDisk(
      [mount, { kind: "folder", name: "team" }],
      [folder, { kind: "folder", parent: mount, name: "f" }],
      [file, { parent: folder, name: "a.txt" }],
    ),
    shares: new Map([[mount, { target: "target" as NodeId, isReadOnly: false }]]),
  };
  const [problem] = problemsOfRefusals(trees, [refusal(file, "quota")]);
  assert.deepEqual([problem?.path, problem?.code], ["team/f/a.txt", "quota"]);
  assert.match(problem?.message ?? "", /^The owner of the shared folder team does not have enough space\. /);
  assert.ok(problem !== undefined && isOwnersQuota(problem));
});

test("a temporary refusal is listed after 90 s of refusals under any ID, and not when refused again later", () => {
  const ids = [folder, file];
  const trees = onDisk([file, { name: "a" }]);
  const persistent = new PersistentRefusals();
  const list = (id: NodeId | undefined, nowMs: number): string[] => {
    const refusals = id === undefined ? [] : [refusal(id, "exists")];
    persistent.note(refusals, nowMs);
    return problemsOfRefusals(trees, refusals, (each) => persistent.has(each)).map(({ path }) => path);
  };
  assert.deepEqual([list(ids[0], 0), list(ids[1], 60_000), list(undefined, 89_000)], [[], [], []]);
  assert.deepEqual(list(ids[1], 90_000), ["a"]);
  assert.deepEqual([list(undefined, 210_000), list(ids[1], 210_001)], [[], []]);
  assert.deepEqual([list(ids[1], 0), list(ids[1], 90_000)], [[], ["a"]], "the clock was set back");
});

test("a file that keeps changing is busy after ten minutes, and one hidden by an error is listed immediately", () => {
  const files = new UnreadableFiles();
  const listed = new Set(["f"]);
  const scanned = (unread: Record<string, string>, nowMs: number): string[] => {
    files.note({ listed, unread: new Map(Object.entries(unread)), held: new Set() }, nowMs);
    return files.problems(nowMs).map(({ path, code }) => `${path} ${code}`);
  };
  assert.deepEqual(scanned({ "f/a": "changing", "f/b": "unavailable" }, 0), ["f/b unreadable"]);
  assert.deepEqual(scanned({ "f/a": "changing" }, 599_999), []);
  assert.deepEqual(scanned({ "f/a": "changing" }, 600_000), ["f/a busy"]);
  assert.deepEqual(scanned({}, 600_001), []);
});

test("each problem's sentence fits a single path as well as a number of files", () => {
  const codes = ["forbidden", "too_large", "not_durable", "invalid_field", "kept", "dependency", "locked"];
  const ofCodes = [...codes, "hash_mismatch", "damaged"].map((code) => problemOf("a", code, ""));
  const skipped = new SkippedItems();
  const reason = "the name is not UTF-8";
  skipped.note(
    { listed: new Set([""]), skipped: new Map([["a", { code: "not_utf8", reason }]]), keepers: new Set() },
    () => true,
  );
  assert.equal(skipped.problems()[0]?.message, "Not synced: the name is not UTF-8.");
  for (const { message } of ofCodes) assert.doesNotMatch(message, /^$|^Its? /);
});
