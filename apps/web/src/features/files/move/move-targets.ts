import type { NodeJson } from "@holdfast/protocol/values";
import { folderOf, isFolder, type ListedRow } from "../rows/row-source.ts";

/** Folder to which the dialog moves or copies. */
export interface Target {
  /** Node id, `root`, or `shared` for the list of shared folders. */
  readonly id: string;
  /** Empty for the root folder. */
  readonly name: string;
  /** Undefined until it has loaded. */
  readonly role?: ListedRow["role"] | undefined;
}

export function targetOf(row: ListedRow): Target {
  return { id: folderOf(row), name: row.name, role: row.role };
}

export interface Moved {
  readonly ids: ReadonlySet<string>;
  /** Paths of moved folders. A folder that another person shares can have the path of an own one. */
  readonly paths: readonly { readonly path: string; readonly isOwn: boolean }[];
}

/** @param fromPath path of the folder with the items; undefined if the rows have paths or it has not loaded */
export function movedOf(rows: readonly ListedRow[], fromPath: string | undefined): Moved {
  const above = fromPath === "/" ? "" : fromPath;
  const pathOf = ({ path, name }: ListedRow) => path ?? (above === undefined ? undefined : `${above}/${name}`);
  return {
    ids: new Set(rows.flatMap((row) => [row.id, folderOf(row)])),
    paths: rows.filter(isFolder).flatMap((row) => {
      const path = pathOf(row);
      return path === undefined ? [] : [{ path, isOwn: row.role === "owner" }];
    }),
  };
}

export type Hindrance = "itself" | "viewOnly" | "waits";

/** @returns the reason why nothing can be moved or copied into a folder */
export function hindranceOf(row: ListedRow, { ids, paths }: Moved): Hindrance | undefined {
  const { path = "" } = row;
  const isOwn = row.role === "owner";
  const isBelow = paths.some((each) => each.isOwn === isOwn && `${path}/`.startsWith(`${each.path}/`));
  if (isBelow || ids.has(row.id) || ids.has(folderOf(row))) return "itself";
  if (!mayTake(row.role)) return "viewOnly";
  return row.waits ? "waits" : undefined;
}

export function mayTake(role: ListedRow["role"]): boolean {
  return role === "owner" || role === "editor";
}

interface Choice {
  readonly kind: "move" | "copy";
  readonly target: Target;
  /** Target and its ancestors. Undefined until they have loaded. */
  readonly lineage: readonly Pick<NodeJson, "id" | "trashed_at">[] | undefined;
  readonly moved: Pick<Moved, "ids">;
  readonly fromId: string | undefined;
  readonly isAway: boolean;
}

export type Refusal = "away" | "shared" | "gone" | "itself" | "here" | "viewOnly" | "loading";

/** @returns the reason why the chosen folder cannot be taken */
export function refusalOf({ kind, target, lineage = [], moved, fromId, isAway }: Choice): Refusal | undefined {
  if (isAway) return "away";
  if (target.id === "shared") return "shared";
  if (lineage.some((node) => node.trashed_at !== null)) return "gone";
  // A mount elsewhere can lead below a moved folder.
  if (lineage.some(({ id }) => moved.ids.has(id))) return "itself";
  // A copy may stay in the same folder.
  if (kind === "move" && target.id === fromId) return "here";
  if (target.role === undefined) return "loading";
  return mayTake(target.role) ? undefined : "viewOnly";
}

/** Location of a folder, as far as the account may see it. */
export function locationOf({ path = "", parentId, name }: ListedRow, home: string, shared: string): string {
  if (name === "") return "";
  if (parentId === null) return shared;
  return path.slice(0, path.lastIndexOf("/")) || home;
}
