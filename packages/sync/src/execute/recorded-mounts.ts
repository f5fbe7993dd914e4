import type { NodeId } from "@holdfast/core/ids";
import { z } from "zod";
import { folderContent } from "../model/content.ts";
import { type LocalRow, type Share, unnumberedInode } from "../model/trees.ts";
import type { SyncState } from "../state/sync-state.ts";
import { folderFingerprint } from "./create.ts";
import type { ExecutionContext } from "./execution-context.ts";

const id = z.string().min(1);
const number = z.string().regex(/^\d+$/u);

/** A generation file's content while there are mounts. */
const recorded = z.object({
  mounts: z.array(z.object({ id, target: id, is_read_only: z.boolean() })),
  /** The mounts' folders and all folders above. */
  folders: z.array(
    z.object({
      id,
      parent: id,
      name: z.string().min(1),
      alias: z.string().optional(),
      inode: number,
      birth_ns: number,
    }),
  ),
});
type Recorded = z.infer<typeof recorded>;
type RecordedFolder = Recorded["folders"][number];

export interface RecordedMounts {
  readonly shares: readonly (readonly [NodeId, Share])[];
  readonly local: readonly (readonly [NodeId, LocalRow])[];
}

/** @returns empty if there are no mounts */
export function textOfMounts(state: SyncState): string {
  if (state.shares.size === 0) return "";
  const folders = new Map<NodeId, RecordedFolder>();
  for (const mount of state.shares.keys()) {
    for (let at = mount; at !== state.rootId && !folders.has(at);) {
      // A folder yet to be created is known by path only.
      const row = state.local.get(at) ?? state.remote.get(at);
      if (row === undefined) break;
      folders.set(at, folderOf(at, row));
      at = row.parent;
    }
  }
  const mounts = [...state.shares].map(([mount, share]) => ({
    id: mount,
    target: share.target,
    is_read_only: share.isReadOnly,
  }));
  return JSON.stringify({ mounts, folders: [...folders.values()] } satisfies Recorded);
}

type Row = Pick<LocalRow, "parent" | "name"> & Partial<Pick<LocalRow, "alias" | "fingerprint">>;

function folderOf(folder: NodeId, { parent, name, alias, fingerprint }: Row): RecordedFolder {
  const { inode = unnumberedInode, birthNs = 0n } = fingerprint ?? {};
  return { id: folder, parent, name, alias, inode: String(inode), birth_ns: String(birthNs) };
}

/**
 * Mounts of a folder whose state does not know them all. Files of an ended share would otherwise count as new files of
 * this account. Unknown folders get the ID of the server's folder with the same name.
 */
export function mountsOfText(
  state: SyncState,
  makeNodeId: ExecutionContext["makeNodeId"],
  text: string,
): RecordedMounts {
  const { mounts, folders } = parse(text) ?? { mounts: [], folders: [] };
  const shares = mounts
    .filter((mount) => !state.shares.has(mount.id as NodeId))
    .map(({ id: mount, target, is_read_only: isReadOnly }) => {
      const share: Share = { target: target as NodeId, isReadOnly };
      return [mount as NodeId, share] as const;
    });
  const isMount = new Set(mounts.map((mount) => mount.id));
  const unknown = folders.filter((each) => !isMount.has(each.id) && !state.remote.has(each.id as NodeId));
  const newIds = new Map(unknown.map((each) => [each.id, makeNodeId()]));
  const idOf = (of: string): NodeId => newIds.get(of) ?? (of as NodeId);
  const local = folders.map((each) => [idOf(each.id), { ...rowOf(each), parent: idOf(each.parent) }] as const);
  return { shares, local };
}

function rowOf({ name, alias, inode, birth_ns: birthNs }: RecordedFolder): Omit<LocalRow, "parent"> {
  const numbers = { inode: BigInt(inode), birthNs: BigInt(birthNs) };
  const fingerprint = folderFingerprint({ ...numbers, sizeBytes: 0, mtimeNs: 0n, ctimeNs: 0n });
  return { kind: "folder", name, alias, content: folderContent, executable: false, fingerprint, readState: "known" };
}

/** undefined: a power failure truncated the text, or there are no mounts. */
function parse(text: string): Recorded | undefined {
  try {
    const parsed = recorded.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
