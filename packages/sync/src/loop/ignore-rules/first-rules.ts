import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { LocalDisk, LocalStat } from "@holdfast/sync-ports/ports";
import { applyBatch } from "../../execute/apply-batch.ts";
import type { LocalOperation } from "../../plan/plan-types.ts";
import { isIgnoreFile } from "../../rules/ignore-file.ts";
import { ignorePath } from "../../rules/rules.ts";
import { type RemoteRow, unnumberedInode } from "../../model/trees.ts";
import { endsCycle } from "../access/abortable.ts";
import type { CycleContext } from "../context/cycle-context.ts";
import { applyWithRules, noteIncomingRules } from "./foreign-rules.ts";
import { overrideMethods } from "../access/override-methods.ts";
import { readIgnoreFile } from "./read-rules.ts";

type FirstRules = LocalOperation & { readonly op: "create" };

/**
 * Fetches the account's ignore file before the first scan, so that no file that it hides is uploaded. An existing
 * ignore file in the folder takes precedence.
 * @throws HoldfastError if the rules cannot be read or saved; nothing may be uploaded without them
 */
export async function fetchFirstRules(context: CycleContext): Promise<void> {
  const operation = await firstRules(context);
  if (operation === undefined) return;
  const { state, checkStop, progress } = context;
  checkStop();
  // The name is free, so a failed earlier attempt changed nothing.
  state.commit({ intents: [[operation.id, undefined]] });
  const failures = await applyWithRules(context, [operation], () => applyBatch(context, [operation]));
  const [failure] = failures.values();
  if (failure !== undefined) throw unsaved(failure);
  progress.noteDone(state, operation, ignorePath);
}

/** Returns the disk as `fetchFirstRules` would leave it, for a preview. Writes nothing. */
export async function withFirstRules(context: CycleContext): Promise<LocalDisk> {
  const { disk } = context;
  const operation = await firstRules(context);
  if (operation === undefined) return disk;
  await noteIncomingRules(context, [operation]);
  const bytes = await contentOf(context, operation.remote);
  return overrideMethods(disk, {
    stat: (path) => (path === ignorePath ? Promise.resolve(statOf(bytes)) : disk.stat(path)),
    readAt: (path, offset, sizeBytes) =>
      path === ignorePath
        ? Promise.resolve(bytes.subarray(offset, offset + sizeBytes))
        : disk.readAt(path, offset, sizeBytes),
  });
}

/** @returns undefined if rules are in force, the folder has an ignore file, or the account has none */
async function firstRules(context: CycleContext): Promise<FirstRules | undefined> {
  const { disk, state } = context;
  if (state.setting("rules") !== undefined) return undefined;
  if ((await disk.stat(ignorePath)) !== undefined) {
    if ((await readIgnoreFile(disk)) === undefined) throw new HoldfastError("failed", unreadable);
    return undefined;
  }
  for (const id of state.childrenOf(state.rootId)) {
    const remote = state.remote.get(id);
    if (remote?.kind !== "file" || remote.trashed || !isIgnoreFile(context, remote)) continue;
    const { parent, name } = remote;
    return { op: "create", id, place: { parent, name }, remote };
  }
  return undefined;
}

const unreadable = `${ignorePath} in this folder cannot be read, so the rules are unknown and nothing is synced. Make the file readable, or remove it.`;

function unsaved(failure: HoldfastError): HoldfastError {
  if (endsCycle(failure)) return failure;
  return new HoldfastError(failure.code, `${unsavedWords} ${failure.message}`, { cause: failure });
}

const unsavedWords = `The account's ${ignorePath} could not be saved in this folder. Until it is saved, nothing is synced, because files that it hides would be uploaded. To use other rules, create a ${ignorePath} in this folder.`;

async function contentOf({ server }: CycleContext, { versionId, sizeBytes }: RemoteRow): Promise<Buffer> {
  if (versionId === null || sizeBytes === 0) return Buffer.alloc(0);
  const entries = (await server.manifests([{ versionId }])).get(versionId);
  if (entries === undefined) throw new HoldfastError("not_found", `The server no longer has that ${ignorePath}.`);
  const wanted = entries.map(({ hash, size }) => ({ hash, sizeBytes: size, versionId }));
  const blocks: Uint8Array[] = [];
  let read = 0;
  for await (const { bytes } of server.fetchBlocks(wanted)) {
    blocks.push(Buffer.from(bytes));
    read += bytes.length;
    if (read > limits.ignoreBytesMax) break;
  }
  return Buffer.concat(blocks);
}

function statOf({ length }: Buffer): LocalStat {
  const fingerprint = { inode: unnumberedInode, sizeBytes: length, mtimeNs: 0n, ctimeNs: 0n, birthNs: 0n };
  return { kind: "file", fingerprint, executable: false, isPrivate: false, links: 1, device: 0n };
}
