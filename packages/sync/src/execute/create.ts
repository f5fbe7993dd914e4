import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { contentOfBlocks, folderContent, targetOf } from "../content.ts";
import { joinPath, ownFolders } from "../paths.ts";
import type { LocalOperation } from "../planner/plan-types.ts";
import type { LocalStat, Part } from "../ports.ts";
import type { ContentKey, Fingerprint, LocalRow, NodeKind, RemoteRow } from "../trees.ts";
import { agreedWithServer } from "./agreed.ts";
import { isRecent } from "../scan/scan.ts";
import {
  DiskChanged,
  fingerprintAfter,
  type Hands,
  knownFolder,
  knownPath,
  randomName,
  recheck,
  syncFolders,
} from "./hands.ts";

/** Durable beside, then given its name, which must be free: at every moment the path is absent or whole. */
export async function create(hands: Hands, operation: LocalOperation & { op: "create" }): Promise<void> {
  const { id, place, remote } = operation;
  if (remote.kind === "folder") {
    const path = joinPath(await knownFolder(hands, place.parent), place.name);
    await hands.disk.mkdir(path);
    await syncFolders(hands, path);
    const stat = await mustStat(hands, path);
    const row = { ...rowOf(remote, stat.fingerprint), ...place, fingerprint: folderFingerprint(stat.fingerprint) };
    return hands.state.commit({ local: [[id, row]], synced: [[id, agreedWithServer(hands.state, id, row)]] });
  }
  const temporary = await writeAside(hands, await contentOfRemote(hands, remote));
  const before = await mustStat(hands, temporary);
  const path = joinPath(await knownFolder(hands, place.parent), place.name);
  await hands.disk.rename(temporary, path);
  await syncFolders(hands, path, temporary);
  const fingerprint = await fingerprintAfter(hands.disk, path, before.fingerprint);
  const row = { ...rowOf(remote, fingerprint), ...place };
  hands.state.commit({ local: [[id, row]], synced: [[id, agreedWithServer(hands.state, id, row)]] });
}

/** A copy of the bytes that lost gets a name of its own; what it was copied from stays as it is. */
export async function copyAside(hands: Hands, operation: LocalOperation & { op: "copy_aside" }): Promise<void> {
  const { id, local, name } = operation;
  const from = await knownPath(hands, id);
  await recheck(hands, from, local);
  const { blocks } = await hands.disk.cut(from);
  if (contentOfBlocks(blocks) !== local.content) throw new DiskChanged(from);
  const parts = copiesOf(from, blocks);
  const content = { kind: "file", parts, mtimeNs: local.fingerprint.mtimeNs, executable: local.executable } as const;
  // Bytes of this disk, which nobody else may have: one that never gets its name stays in the local trash.
  const temporary = await writeAside(hands, content, ownFolders.trash);
  const before = await mustStat(hands, temporary);
  const path = joinPath(await knownFolder(hands, local.parent), name);
  await hands.disk.rename(temporary, path);
  await syncFolders(hands, path, temporary);
  const fingerprint = await fingerprintAfter(hands.disk, path, before.fingerprint);
  const row = { ...local, name, fingerprint, sight: sightOf(fingerprint) };
  hands.state.commit({ local: [[hands.makeNodeId(), row]] });
}

export type NewContent =
  | {
      readonly kind: "file";
      readonly parts: AsyncIterable<Part> | Iterable<Part>;
      readonly mtimeNs: bigint | undefined;
      readonly executable: boolean;
    }
  | { readonly kind: "symlink"; readonly target: string };

/** What the server has: its blocks are fetched as they are written, and proved by their hashes, the list by the content id. */
export async function contentOfRemote(hands: Hands, remote: RemoteRow): Promise<NewContent> {
  if (remote.kind === "symlink") return { kind: "symlink", target: targetOf(remote.content) };
  const blocks = await manifestOf(hands, remote);
  const parts = fetchedParts(hands, blocks, remote.versionId ?? "");
  return { kind: "file", parts, mtimeNs: timeNs(remote.modifiedAt), executable: remote.executable };
}

async function manifestOf(
  { server }: Hands,
  { versionId, content, name }: RemoteRow,
): Promise<readonly ManifestEntry[]> {
  if (versionId === null) return [];
  const blocks = (await server.manifests([{ versionId }])).get(versionId);
  if (blocks === undefined)
    throw new HoldfastError("not_found", `The server does not have that version of ${name} any more.`);
  if (contentOfBlocks(blocks) === content) return blocks;
  throw new HoldfastError("hash_mismatch", `The block list of ${name} arrived damaged; it is fetched again.`);
}

async function* fetchedParts(hands: Hands, blocks: readonly ManifestEntry[], versionId: string): AsyncGenerator<Part> {
  if (blocks.length === 0) return;
  const wanted = blocks.map(({ hash, size }) => ({ hash, sizeBytes: size, versionId }));
  let count = 0;
  for await (const { bytes } of hands.server.fetchBlocks(wanted)) {
    const hash = blocks[count]?.hash;
    count += 1;
    if (hash === undefined) break;
    yield { kind: "bytes", hash: hands.faults.has("content is not verified") ? sha256(bytes) : hash, bytes };
  }
  if (count !== blocks.length)
    throw new HoldfastError("hash_mismatch", "The server sent too few blocks; they are fetched again.");
}

function copiesOf(from: string, blocks: readonly ManifestEntry[]): Part[] {
  let offset = 0;
  return blocks.map(({ hash, size }) => {
    const part = { kind: "copy", hash, sizeBytes: size, from, offset } as const;
    offset += size;
    return part;
  });
}

/** Writes to the engine's own folder on the same filesystem, durably. @returns its path */
export async function writeAside(
  hands: Hands,
  content: NewContent,
  folder: string = ownFolders.temporary,
): Promise<string> {
  const path = joinPath(folder, randomName(hands));
  if (content.kind === "symlink") await hands.disk.symlink(content.target, path);
  else {
    await hands.disk.create(path, content.parts, content);
    if (!hands.faults.has("a new file is not synced")) await hands.disk.syncFile(path);
  }
  return path;
}

export async function mustStat({ disk }: Pick<Hands, "disk">, path: string): Promise<LocalStat> {
  const stat = await disk.stat(path);
  if (stat === undefined) throw new DiskChanged(path);
  return stat;
}

export function rowOf(
  {
    kind,
    parent,
    name,
    content,
    executable,
  }: { kind: NodeKind; parent: LocalRow["parent"]; name: string; content: ContentKey; executable: boolean },
  fingerprint: Fingerprint,
): LocalRow {
  const isFolder = kind === "folder";
  return {
    kind,
    parent,
    name,
    content: isFolder ? folderContent : content,
    executable,
    fingerprint,
    sight: sightOf(fingerprint),
  };
}

/** What we wrote ourselves has the time that we gave it; only a time as late as now could hide a later change. */
function sightOf(fingerprint: Fingerprint): LocalRow["sight"] {
  return isRecent({ ...fingerprint, ctimeNs: 0n }, fingerprint.ctimeNs) ? "racy" : "known";
}

function folderFingerprint(fingerprint: Fingerprint): Fingerprint {
  return { ...fingerprint, sizeBytes: 0, mtimeNs: 0n, ctimeNs: 0n };
}

function timeNs(text: string): bigint | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n;
}
