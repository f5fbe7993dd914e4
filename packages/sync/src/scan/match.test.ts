import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { linkContent } from "../model/content.ts";
import { type ContentKey, type Intent, type LocalRow, unnumberedInode } from "../model/trees.ts";
import { match, type MatchInput } from "./match.ts";
import type { Entry } from "./walk.ts";

const rootId = "root" as NodeId;

function fingerprint(inode: bigint): LocalRow["fingerprint"] {
  return { inode, sizeBytes: 1, mtimeNs: 1n, ctimeNs: 1n, birthNs: 0n };
}

function row(kind: LocalRow["kind"], parent: NodeId, name: string, inode: bigint): LocalRow {
  const content = "" as ContentKey;
  return {
    kind,
    parent,
    name,
    alias: undefined,
    content,
    executable: false,
    fingerprint: fingerprint(inode),
    readState: "known",
  };
}

function entry(kind: Entry["kind"], folder: Entry["folder"], name: string, inode: bigint): Entry {
  const path = folder.path === "" ? name : `${folder.path}/${name}`;
  const stat = { kind, executable: false, isPrivate: false, links: 1, device: 1n, fingerprint: fingerprint(inode) };
  return { path, name, kind, stat, folder, children: [], target: undefined };
}

function inputOf(changes: Pick<MatchInput, "local"> & Partial<MatchInput>): MatchInput {
  return {
    moved: new Map(),
    intents: new Map(),
    isUnreadablePlace: () => false,
    slotKey: (name) => name,
    makeNodeId: () => "made" as NodeId,
    ...changes,
  };
}

for (const [what, inodes, isSame] of [
  ["its own file by inode number", [5n, 5n], true],
  ["an unrelated file", [5n, 6n], false],
  ["an unrelated file, without inode numbers", [unnumberedInode, unnumberedInode], false],
] as const) {
  test(`a folder with the inode number of a missing one, under another name and with ${what}, is ${isSame ? "that one" : "a new one"}`, () => {
    const [folder, file] = ["folder", "file"] as NodeId[] as [NodeId, NodeId];
    const local = new Map([
      [folder, row("folder", rootId, "old", 9n)],
      [file, row("file", folder, "one", inodes[0])],
    ]);
    const seen = entry("folder", { id: rootId, path: "" }, "new", 9n);
    const inIt = entry("file", seen, "other", inodes[1]);
    seen.children.push(inIt);
    const { ids } = match(inputOf({ local }), [seen, inIt]);
    assert.equal(ids.get(seen), isSame ? folder : "made");
  });
}

test("a folder that was to get a name, and lost its content in a power loss, is found under that name", () => {
  const [folder, file] = ["folder", "file"] as NodeId[] as [NodeId, NodeId];
  const local = new Map([
    [folder, row("folder", rootId, "a", 9n)],
    [file, row("file", folder, "one", 5n)],
  ]);
  const place = { parent: rootId, name: "a", alias: "a (case conflict)" };
  const intent: Intent = { place, content: "" as ContentKey, executable: false, isMove: true };
  const seen = entry("folder", { id: rootId, path: "" }, "a (case conflict)", 9n);
  const inIt = entry("file", seen, "another one", 6n);
  seen.children.push(inIt);
  const { ids } = match(inputOf({ local, intents: new Map([[folder, intent]]) }), [seen, inIt]);
  assert.equal(ids.get(seen), folder);
});

for (const [target, isIt] of [
  ["there", true],
  ["elsewhere", false],
] as const) {
  test(`a link to ${target}, at the place of an intended one to there, is ${isIt ? "that one" : "another node"}`, () => {
    const id = "link" as NodeId;
    const intent: Intent = { place: { parent: rootId, name: "a" }, content: linkContent("there"), executable: false };
    const seen: Entry = { ...entry("symlink", { id: rootId, path: "" }, "a", 9n), target };
    const { ids } = match(inputOf({ local: new Map(), intents: new Map([[id, intent]]) }), [seen]);
    assert.equal(ids.get(seen), isIt ? id : "made");
  });
}

for (const order of [0, 1]) {
  for (const [inode, numbered] of [
    [6n, "by its number"],
    [unnumberedInode, "without inode numbers"],
  ] as const) {
    test(`the remaining one of two known files at one place is found ${numbered} (${order})`, () => {
      const [old, coming] = ["old", "coming"] as NodeId[] as [NodeId, NodeId];
      const rows = [
        [old, row("file", rootId, "a", inode === 6n ? 5n : inode)],
        [coming, row("file", rootId, "a", inode)],
      ] as const;
      const intent: Intent = { place: { parent: rootId, name: "a" }, content: undefined, executable: false };
      const local = new Map(order === 0 ? rows : rows.toReversed());
      const seen = entry("file", { id: rootId, path: "" }, "a", inode);
      const { ids, vanished } = match(inputOf({ local, intents: new Map([[old, intent]]) }), [seen]);
      assert.deepEqual([ids.get(seen), [...vanished.keys()]], [coming, [old]]);
    });
  }
}
