import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { mapBounded } from "../bounded.ts";
import { contentOfBlocks, folderContent, linkContent } from "../content.ts";
import type { Faults } from "../faults.ts";
import { clockPath, folderOf } from "../paths.ts";
import type { CutBlock, LocalDisk } from "../ports.ts";
import type { ContentKey, Fingerprint, Intent, LocalRow } from "../trees.ts";
import { match } from "./match.ts";
import { type Entry, sawTheSame, type Walk, walk } from "./walk.ts";

export interface ScanInput {
  readonly rootId: NodeId;
  readonly local: ReadonlyMap<NodeId, LocalRow>;
  readonly intents: ReadonlyMap<NodeId, Intent>;
  readonly makeNodeId: () => NodeId;
  /** Hears of which blocks a file is made that was read. */
  readonly keepManifest: (content: ContentKey, blocks: readonly CutBlock[]) => void;
  readonly faults: Faults;
}

export interface ScanResult {
  readonly rows: ReadonlyMap<NodeId, LocalRow>;
  readonly skipped: ReadonlyMap<string, string>;
  /** Everything could be looked at. */
  readonly isComplete: boolean;
  /** Something was not at rest: look again soon. */
  readonly isRestless: boolean;
}

/** Files that are read side by side. */
const readsAtOnce = 4;
/** A file that changed so shortly before it was read may change again without a trace in its times. */
const grainNs = 50_000_000n;

/** Looks at the whole disk. @returns the local tree as it is now */
export async function scan(disk: LocalDisk, input: ScanInput): Promise<ScanResult> {
  const startNs = await disk.now(clockPath);
  const seen = await walkAtRest(disk, input);
  const { ids, fresh, vanished } = match(input, seen.entries);
  const found = await mapBounded(seen.entries, readsAtOnce, async (entry) => {
    const id = ids.get(entry);
    const parent = entry.folder === undefined ? input.rootId : ids.get(entry.folder);
    if (id === undefined || parent === undefined) return undefined;
    const before = fresh.has(entry) ? undefined : input.local.get(id);
    const row = await rowOf(disk, entry, { input, parent, before, startNs });
    return row === undefined ? undefined : ([id, row] as const);
  });
  const rows = new Map(found.filter((pair) => pair !== undefined));
  adoptMoves(input.local, rows, vanished);
  if (!input.faults.has("errors are deletions")) keepUnknown(input, rows, seen, vanished);
  const isRestless = seen.unknown.size > 0 || [...rows.values()].some(({ sight }) => sight !== "known");
  return { rows, skipped: seen.skipped, isComplete: seen.unknown.size === 0, isRestless };
}

/** Where something is missing it may just have been on its way past the look: then two looks must agree. */
async function walkAtRest(disk: LocalDisk, input: ScanInput): Promise<Walk> {
  let seen = await walk(disk);
  if (input.faults.has("one look is enough")) return seen;
  for (let attempt = 0; match(input, seen.entries).vanished.size > 0; attempt += 1) {
    const again = await walk(disk);
    if (sawTheSame(seen, again)) return again;
    seen = again;
    // Too much goes on: whatever is missing stays unknown this time.
    if (attempt === 3) return { ...seen, unknown: new Set([...seen.unknown, ""]) };
  }
  return seen;
}

interface RowContext {
  readonly parent: NodeId;
  readonly before: LocalRow | undefined;
  readonly startNs: bigint;
  readonly input: ScanInput;
}

async function rowOf(disk: LocalDisk, entry: Entry, context: RowContext): Promise<LocalRow | undefined> {
  const { parent, before, input } = context;
  const { faults } = input;
  const base = { kind: entry.kind, parent, name: entry.name, executable: entry.stat.executable };
  const { fingerprint } = entry.stat;
  if (entry.kind === "folder") {
    const lasting = { ...fingerprint, sizeBytes: 0, mtimeNs: 0n, ctimeNs: 0n };
    return { ...base, executable: false, content: folderContent, fingerprint: lasting, sight: "known" };
  }
  if (entry.target !== undefined) {
    return { ...base, executable: false, content: linkContent(entry.target), fingerprint, sight: "known" };
  }
  if (before?.sight === "known" && sameFingerprint(before.fingerprint, fingerprint, faults))
    return { ...before, ...base };
  const read = await readAtRest(disk, entry.path, input);
  if (read === undefined) {
    // Without anything known of it there is nothing to say of it yet.
    return before === undefined ? undefined : { ...before, ...base, sight: "unsettled" };
  }
  const isRacy = isRecent(read.fingerprint, context.startNs) && !faults.has("no file is racy");
  return { ...base, ...read, sight: isRacy ? "racy" : "known" };
}

async function readAtRest(
  disk: LocalDisk,
  path: string,
  { keepManifest }: ScanInput,
): Promise<Pick<LocalRow, "content" | "fingerprint" | "executable"> | undefined> {
  try {
    const { blocks, before, after } = await disk.cut(path);
    const isWhole = before.kind === "file" && sameFingerprint(before.fingerprint, after.fingerprint);
    if (!isWhole) return undefined;
    const content = contentOfBlocks(blocks);
    keepManifest(content, blocks);
    return { content, fingerprint: after.fingerprint, executable: after.executable };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return undefined;
  }
}

export function sameFingerprint(one: Fingerprint, other: Fingerprint, faults?: Faults): boolean {
  const sameCtime = one.ctimeNs === other.ctimeNs || faults?.has("ctime is ignored") === true;
  return sameButCtime(one, other) && sameCtime;
}

/** What a rename and a link leave as they are. */
export function sameButCtime(one: Fingerprint, other: Fingerprint): boolean {
  return one.inode === other.inode && one.sizeBytes === other.sizeBytes && one.mtimeNs === other.mtimeNs;
}

/**
 * A time in the future is somebody else's clock: a write would change it, so it hides nothing. The ctime cannot be set.
 */
export function isRecent({ mtimeNs, ctimeNs }: Fingerprint, startNs: bigint): boolean {
  return ctimeNs > startNs - grainNs || (mtimeNs > startNs - grainNs && mtimeNs <= startNs);
}

/** A vanished file whose size and content appear where nothing was known is a move too (a save through a copy). */
function adoptMoves(
  local: ReadonlyMap<NodeId, LocalRow>,
  rows: Map<NodeId, LocalRow>,
  vanished: Map<NodeId, LocalRow>,
): void {
  if (vanished.size === 0) return;
  const fresh = new Map<ContentKey, NodeId[]>();
  for (const [id, { kind, content }] of rows) {
    if (kind !== "file" || local.has(id)) continue;
    const ids = fresh.get(content);
    if (ids === undefined) fresh.set(content, [id]);
    else ids.push(id);
  }
  for (const list of fresh.values()) list.reverse();
  for (const [id, row] of vanished) {
    if (row.kind !== "file" || row.fingerprint.sizeBytes === 0 || row.sight === "unsettled") continue;
    const from = fresh.get(row.content)?.pop();
    const moved = from === undefined ? undefined : rows.get(from);
    if (from === undefined || moved === undefined) continue;
    rows.delete(from);
    rows.set(id, moved);
    vanished.delete(id);
  }
}

/** What lies below a path of which nothing is known stays as it was, and nothing is done to it. */
function keepUnknown(
  { rootId, local }: ScanInput,
  rows: Map<NodeId, LocalRow>,
  { unknown }: Walk,
  vanished: ReadonlyMap<NodeId, LocalRow>,
): void {
  if (unknown.size === 0) return;
  for (const [id, row] of vanished) {
    const path = oldPath(rootId, local, id);
    if (isWithin(unknown, path)) {
      keepWithFolders({ rootId, local }, rows, id, row);
    }
  }
}

function isWithin(paths: ReadonlySet<string>, path: string): boolean {
  for (let at = path; at !== ""; at = folderOf(at)) if (paths.has(at)) return true;
  return paths.has("");
}

function keepWithFolders(
  { rootId, local }: Pick<ScanInput, "rootId" | "local">,
  rows: Map<NodeId, LocalRow>,
  id: NodeId,
  row: LocalRow,
): void {
  rows.set(id, { ...row, sight: "unsettled" });
  const folder = local.get(row.parent);
  if (row.parent !== rootId && folder !== undefined && !rows.has(row.parent)) {
    keepWithFolders({ rootId, local }, rows, row.parent, folder);
  }
}

function oldPath(rootId: NodeId, local: ReadonlyMap<NodeId, LocalRow>, id: NodeId): string {
  const names: string[] = [];
  for (let at = id; at !== rootId;) {
    const row = local.get(at);
    if (row === undefined) break;
    names.unshift(row.name);
    at = row.parent;
    if (names.length > local.size) break;
  }
  return names.join("/");
}
