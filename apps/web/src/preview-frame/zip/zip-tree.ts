import type { ZipEntry } from "./zip-directory.ts";

export interface ZipNode {
  readonly name: string;
  readonly depth: number;
  /** Undefined for a folder without an entry. */
  readonly entry: ZipEntry | undefined;
  /** Unordered. */
  readonly children: ZipNode[] | undefined;
}

export interface ZipTree {
  readonly top: readonly ZipNode[];
  readonly filesCount: number;
  readonly foldersCount: number;
  readonly contentBytes: number;
  readonly isCut: boolean;
}

/** Deeper nodes get the rest of their path as name. */
const depthMax = 64;
/** Includes folders without an entry. */
const nodesMax = 200_000;

interface Folder extends ZipNode {
  readonly children: ZipNode[];
  readonly folders: Map<string, Folder>;
}

/** Paths only name nodes: `..` is a folder of that name. */
export function makeZipTree(entries: readonly ZipEntry[]): ZipTree {
  const root: Folder = { name: "", depth: -1, entry: undefined, children: [], folders: new Map() };
  let [filesCount, foldersCount, contentBytes, isCut] = [0, 0, 0, false];
  const intoFolder = (parent: Folder, name: string, entry: ZipEntry | undefined): Folder => {
    const known = parent.folders.get(name);
    if (known !== undefined) return known;
    const folder: Folder = { name, depth: parent.depth + 1, entry, children: [], folders: new Map() };
    parent.folders.set(name, folder);
    parent.children.push(folder);
    foldersCount += 1;
    return folder;
  };
  for (const entry of entries) {
    if (filesCount + foldersCount >= nodesMax) {
      isCut = true;
      break;
    }
    const isFolder = entry.path.endsWith("/");
    const names = namesOf(entry.path);
    const name = names.pop();
    if (name === undefined) continue;
    let parent = root;
    for (const each of names) parent = intoFolder(parent, each, undefined);
    if (isFolder) intoFolder(parent, name, entry);
    else {
      parent.children.push({ name, depth: parent.depth + 1, entry, children: undefined });
      filesCount += 1;
      contentBytes = Math.min(Number.MAX_SAFE_INTEGER, contentBytes + entry.contentBytes);
    }
  }
  return { top: root.children, filesCount, foldersCount, contentBytes, isCut };
}

function namesOf(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "" && name !== ".");
  return names.length <= depthMax ? names : [...names.slice(0, depthMax), names.slice(depthMax).join("/")];
}

/** Folders first, then by name. */
export function shownRows(
  top: readonly ZipNode[],
  open: ReadonlySet<ZipNode>,
  sort: (nodes: readonly ZipNode[]) => readonly ZipNode[],
): ZipNode[] {
  const rows: ZipNode[] = [];
  const waiting = sort(top).toReversed();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    rows.push(node);
    if (node.children === undefined || !open.has(node)) continue;
    for (const child of sort(node.children).toReversed()) waiting.push(child);
  }
  return rows;
}
