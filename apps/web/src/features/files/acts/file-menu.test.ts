import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { offered } from "../../../commands/command.ts";
import type { CommandMenu } from "../../../commands/command-menu.ts";
import { fileCommands, fileMenu, placeMenu } from "./file-commands.ts";
import { anyRow, type FilesContext } from "./files-context.ts";
import { openedMenu } from "./opened-commands.ts";
import type { ListedRow } from "../rows/row-source.ts";

const entriesMax = 10;
const groupsMax = 3;
/** Edit, Download and Details, which the preview adds. */
const ownOfPreview = 3;

const received = { permissionIds: ["1"], isDirect: true, isMounted: false };
const inShared = (row: ListedRow): ListedRow => ({ ...row, received });
const rowOf = (kind: ListedRow["kind"], role: ListedRow["role"]): ListedRow => ({ ...anyRow, kind, role });
const rows = (["file", "folder", "mount"] as const).flatMap((kind) =>
  (["owner", "editor", "viewer"] as const).map((role) => rowOf(kind, role)),
);
const shown = { id: "f", name: "f", parentId: "r", role: "owner", lineage: ["f", "r"] };
const contexts = (["folder", "list", "shared", "trash"] as const).flatMap((place) => {
  const listed = place === "shared" ? rows.map(inShared) : rows;
  return (["account", "link"] as const).flatMap((viewer) =>
    [[], ...listed.map((row) => [row]), listed].map((selected) => contextOf(place, viewer, selected)),
  );
});

function contextOf(place: string, viewer: string, selected: readonly ListedRow[]): FilesContext {
  const kept = { marks: [], ids: new Set() };
  const clipboard = { kind: "cut", rows, from: undefined };
  const folder = place === "folder" ? shown : undefined;
  const state = { clipboard, hasRows: true, canUndo: true, canRedo: true, folder, kept };
  return { ...state, place, viewer, rows: selected, count: selected.length } as unknown as FilesContext;
}

function sizesOf<Context>({ groups, more = [] }: CommandMenu<Context>, context: Context): readonly number[] {
  const counts = groups.map((group) => offered(group, context).length);
  const hasMore = more.some((group) => offered(group, context).length > 0);
  return [...counts.slice(0, -1), (counts.at(-1) ?? 0) + (hasMore ? 1 : 0)].filter((count) => count > 0);
}

function assertShort(sizes: readonly number[], about: FilesContext, entries = entriesMax): void {
  const summary = `${about.place} ${about.viewer} ${about.rows.map(({ kind, role }) => `${kind} ${role}`).join(", ")}`;
  assert.ok(sizes.length <= groupsMax, `${summary}: ${sizes.length} groups`);
  const sum = sizes.reduce((total, size) => total + size, 0);
  assert.ok(sum <= entries, `${summary}: ${sum} entries`);
}

describe("Limit of ten entries in three groups", () => {
  test("applies to menus of rows and of the empty area", () => {
    for (const context of contexts) assertShort(sizesOf(context.count > 0 ? fileMenu : placeMenu, context), context);
  });

  test("applies to the menu of the preview", () => {
    for (const context of contexts.filter(({ count, rows: [first] }) => count === 1 && first?.kind === "file")) {
      const opened: FilesContext = { ...context, isOpened: true };
      assertShort(sizesOf<unknown>(openedMenu(opened), undefined), opened, entriesMax - ownOfPreview);
    }
  });
});

test("a folder that stands for changed files in Recent cannot be trashed", () => {
  const isTrashable = (row: ListedRow) => offered([fileCommands.trash], contextOf("list", "account", [row])).length > 0;
  const folder = rowOf("folder", "owner");
  assert.deepEqual([folder, { ...folder, changedFiles: 12 }].map(isTrashable), [true, false]);
});

test("an own file offers every command of its place once, in the menu or its submenu", () => {
  const context = contexts.find(({ place, count, rows: [first] }) => {
    return place === "folder" && count === 1 && first?.kind === "file" && first.role === "owner";
  });
  assert.ok(context !== undefined);
  const all = [...fileMenu.groups, ...(fileMenu.more ?? [])].flatMap((group) => offered(group, context));
  const ids = all.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ["open", "share", "copy-link", "rename", "trash", "cut", "copy", "copy-to", "versions"])
    assert.ok(ids.includes(id), id);
});
