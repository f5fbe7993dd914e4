import assert from "node:assert/strict";
import { test } from "node:test";
import { testRow } from "../../../data/testing.ts";
import { hindranceOf, locationOf, movedOf, refusalOf } from "./move-targets.ts";
import type { ListedRow } from "../rows/row-source.ts";

const folder = (path: string, values: Partial<ListedRow> = {}): ListedRow => ({
  ...testRow(path.slice(path.lastIndexOf("/") + 1), { id: path, kind: "folder", role: "owner" }),
  path,
  parentId: "above",
  ...values,
});

test("no folder moves into itself or below itself, whether its path or only its parent's is known", () => {
  const { path: _, ...row } = folder("/Docs/2026", { id: "moved" });
  for (const moved of [movedOf([row], "/Docs"), movedOf([folder("/Docs/2026", { id: "moved" })], undefined)]) {
    assert.equal(hindranceOf(folder("/Docs/2026"), moved), "itself");
    assert.equal(hindranceOf(folder("/Docs/2026/May"), moved), "itself");
    assert.equal(hindranceOf(folder("/Docs/2026 plans"), moved), undefined);
    assert.equal(hindranceOf(folder("/Docs"), moved), undefined);
    assert.equal(hindranceOf({ ...row, path: "/elsewhere" }, moved), "itself");
  }
  const atTop = movedOf([row], "/");
  assert.deepEqual(atTop.paths, [{ path: "/2026", isOwn: true }]);
});

test("moved files do not hinder folders with a similar path", () => {
  const { path: _, ...file } = folder("/a", { kind: "file" });
  assert.deepEqual(movedOf([file], "/").paths, []);
});

test("a mount and the folder that it shows count as one", () => {
  const mount = folder("/Team", { id: "mount", kind: "mount", target: "theirs" });
  const shown = folder("/Ben/Team", { id: "theirs", role: "editor" });
  assert.equal(hindranceOf(shown, movedOf([mount], "/")), "itself");
  assert.equal(hindranceOf(mount, movedOf([shown], undefined)), "itself");
});

test("a shared folder is not below an own folder with the same path, and vice versa", () => {
  const theirs = folder("/Docs/2026", { id: "theirs", role: "editor" });
  const own = folder("/Docs/2026", { id: "own" });
  assert.equal(hindranceOf(theirs, movedOf([folder("/Docs")], undefined)), undefined);
  assert.equal(hindranceOf(own, movedOf([folder("/Docs", { role: "editor" })], undefined)), undefined);
});

test("a folder accepts items from its owner and editors, unless its owner's account is disabled", () => {
  const moved = movedOf([], "/");
  const of = (values: Partial<ListedRow>) => hindranceOf(folder("/Team", values), moved);
  assert.deepEqual(
    (["owner", "editor", "viewer", "commenter", "uploader"] as const).map((role) => of({ role })),
    [undefined, undefined, "viewOnly", "viewOnly", "viewOnly"],
  );
  assert.equal(of({ waits: true }), "waits");
});

test("the items' current folder is refused as a target, except for a copy", () => {
  const target = { id: "here", name: "Here", role: "editor" } as const;
  const moved = { ids: new Set(["moved"]) };
  const choice = { kind: "move", target, lineage: undefined, moved, fromId: "here", isAway: false } as const;
  assert.equal(refusalOf(choice), "here");
  assert.equal(refusalOf({ ...choice, kind: "copy" }), undefined);
  assert.equal(refusalOf({ ...choice, fromId: "there" }), undefined);
  assert.equal(refusalOf({ ...choice, fromId: "there", isAway: true }), "away");
  assert.equal(refusalOf({ ...choice, fromId: "there", target: { ...target, role: "viewer" } }), "viewOnly");
  assert.equal(refusalOf({ ...choice, target: { id: "shared", name: "Shared" } }), "shared");
  assert.equal(refusalOf({ ...choice, target: { id: "root", name: "" } }), "loading");
  const [lives, isGone] = [null, "2026-05-01T00:00:00Z"];
  const through = (id: string, trashed_at: string | null) =>
    refusalOf({
      ...choice,
      fromId: "there",
      lineage: [
        { id: "here", trashed_at: lives },
        { id, trashed_at },
      ],
    });
  assert.equal(through("above", lives), undefined);
  assert.equal(through("moved", lives), "itself");
  assert.equal(through("above", isGone), "gone");
});

test("a location is the parent folder, as far as the account can see it", () => {
  const of = (path: string, values?: Partial<ListedRow>) => locationOf(folder(path, values), "Files", "Shared");
  assert.equal(of("/Docs/2026"), "/Docs");
  assert.equal(of("/Docs"), "Files");
  assert.equal(of("/Team", { parentId: null }), "Shared");
  assert.equal(of("/", { parentId: null, name: "" }), "");
});
