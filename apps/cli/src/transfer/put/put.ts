import { lstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { HoldfastError, isErrorCode } from "@holdfast/core/errors";
import { joinPath, splitPath } from "@holdfast/core/names";
import type { NodeJson } from "@holdfast/protocol/values";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { UploadPace } from "@holdfast/api-client/upload-pace";
import { SharedWindows } from "@holdfast/codec/shared-windows";
import type { Patterns } from "@holdfast/sync/rules/patterns";
import { findDamagedOrNone } from "../../remote/damaged-blocks.ts";
import { ContentJournal } from "../content-journal.ts";
import { NewIds } from "../new-ids.ts";
import { startTransferPool, wakeThreads } from "../transfer-pool.ts";
import type { Mirroring } from "../may-delete.ts";
import { assertNotHopeless } from "../transfer-report.ts";
import type { TransferReport } from "../transfer-report.ts";
import { commit } from "./commit.ts";
import { putStream } from "./large-file.ts";
import { isRefused } from "./refused-before.ts";
import { lookAt } from "./local-folder.ts";
import { assertMayPut, refusalOfExchange } from "./may-put.ts";
import { planPut } from "./put-plan.ts";
import { PutPreview } from "./preview-put.ts";
import type { PutRoot } from "./put-root.ts";
import { putTargets } from "./put-targets.ts";
import type { LocalArgument, PutTarget } from "./put-targets.ts";
import { TreePut } from "./put-tree.ts";
import { seenIn, Surplus } from "./surplus.ts";
import { checkRoom, freeRoom } from "./room.ts";
import { closingOperation, growthOf, SentBlocks } from "./put-work.ts";
import { checkingName, openStandardInput, refuseDirectory, type StandardInput } from "./standard-input.ts";
import type { PutWork, RemoteFolder } from "./put-work.ts";
import { RemoteTree } from "./remote-tree.ts";
import {
  ensureFolder,
  folderAbove,
  folderFor,
  type Known,
  nearestFolder,
  notFolder,
  toRemoteFolder,
} from "./target-folder.ts";

export interface PutOptions extends StandardInput {
  readonly client: ApiClient;
  readonly configFolder: string;
  readonly report: TransferReport;
  readonly withTimes?: boolean | undefined;
  readonly patterns?: Patterns | undefined;
  /** Also deletes remote nodes that are missing here. undefined: deletes nothing */
  readonly mirroring?: Mirroring | undefined;
  readonly root: PutRoot;
  /** The root is in another account's space, whose free space is unknown. */
  readonly isForeign: boolean;
}

/**
 * 64 MiB of file data. One window of a large file is cut and one hashed while two are sent. A batch of small files
 * takes one.
 */
const windowBytes = 16 * 1024 * 1024;
const windowsMax = 4;

/**
 * Uploads files and trees, and merges them into existing folders. Items that fail are listed in the report, and the
 * rest continues.
 * @param remote a path from the root; empty for the root itself, if that can be a file
 * @throws HoldfastError for an error that stops the whole transfer, and for the failure of a single file
 */
export async function put(options: PutOptions, locals: readonly string[], remote: string): Promise<void> {
  const { client, configFolder, report, root } = options;
  const args = locals.map(toArgument);
  if (report.isDry && args.some(({ kind }) => kind === "stdin"))
    throw new HoldfastError("usage", "--dry-run cannot be used with standard input or --from-command.");
  if (args.some(({ kind }) => kind === "stdin")) refuseDirectory(options.stdin);
  else if (options.allowEmpty)
    throw new HoldfastError("usage", "--allow-empty can only be used with standard input (-) or --from-command.");
  if (options.mirroring !== undefined && !args.some(({ kind }) => kind === "folder"))
    throw new HoldfastError("usage", "--delete can only be used when a folder is uploaded.");
  const pool = startTransferPool();
  if (args.some(({ kind }) => kind === "folder")) wakeThreads(pool);
  const [remoteNode, damaged] = await Promise.all([root.find(joinPath(splitPath(remote))), findDamagedOrNone(client)]);
  const targets = putTargets(args, remote, remoteNode?.kind, (path) => root.shown(path));
  report.isOne = targets.length === 1 && targets[0]?.local.kind !== "folder";
  const journal = new ContentJournal(configFolder);
  const nowMs = (): number => Date.now();
  const ids = new NewIds(nowMs);
  const windows = new SharedWindows(windowBytes, windowsMax);
  const work: TargetWork = {
    client,
    root,
    pool,
    journal,
    ids,
    report,
    nowMs,
    sent: new SentBlocks(),
    windows,
    pace: new UploadPace(),
    damaged,
    withTimes: options.withTimes,
    patterns: options.patterns,
    mirroring: options.mirroring,
    isForeign: options.isForeign,
    planned: { bytes: 0 },
  };
  try {
    const known = { path: joinPath(splitPath(remote)), node: remoteNode };
    for (const target of targets) {
      try {
        await putTarget(work, target, known, options);
      } catch (thrown) {
        if (targets.length === 1 || !(thrown instanceof HoldfastError) || thrown.code === "forbidden") throw thrown;
        assertNotHopeless(thrown.code, thrown.message);
        report.problem(target.local.path, thrown.message, thrown.code);
      }
    }
  } finally {
    journal.close();
    await pool.close();
  }
  await report.listUntried(() => freeRoom(work));
  const [problem] = report.problems;
  if (!report.isOne || problem === undefined) return;
  const { path, code, message } = problem;
  throw new HoldfastError(isErrorCode(code) ? code : "failed", path === "" ? message : `${path}: ${message}`);
}

function toArgument(path: string): LocalArgument {
  if (path === "-") return { path, kind: "stdin" };
  // A trailing slash refers to the target of a link.
  const stats = path.endsWith("/")
    ? statSync(path, { throwIfNoEntry: false })
    : lstatSync(path, { throwIfNoEntry: false });
  if (path === "") throw new HoldfastError("usage", "The path to upload is empty.");
  // Node replaces bytes that are not UTF-8 in arguments with replacement characters.
  if (stats === undefined && path.includes("\ufffd"))
    throw new HoldfastError("failed", `The name of ${path} is not UTF-8; rename it to upload it.`);
  if (stats === undefined) throw new HoldfastError("not_found", `No such file or folder on this computer: ${path}`);
  if (stats.isDirectory()) return { path, kind: "folder" };
  if (stats.isSymbolicLink()) refuseLinkOfSystem(path);
  return { path, kind: stats.isSymbolicLink() ? "symlink" : "file" };
}

/**
 * Rejects a link to a pipe or device, such as `/dev/stdin`, or the link by which a shell passes a command's output.
 * Also rejects links in `/proc` such as `/proc/self/exe`. Such a link is meaningless on another machine.
 * @throws HoldfastError usage
 */
function refuseLinkOfSystem(link: string): void {
  const target = statSync(link, { throwIfNoEntry: false });
  const place = join(realpathSync(dirname(link)), basename(link));
  const isOpened = /^\/(dev|proc\/.*\/fd)\/[^/]+$/.test(place);
  if (isOpened || (target !== undefined && !target.isFile() && !target.isDirectory()))
    throw new HoldfastError(
      "usage",
      `${link} is a pipe or device, which cannot be read twice. Use - for standard input, or --from-command.`,
    );
  if (!place.startsWith("/proc/")) return;
  const instead = target === undefined ? "" : `: ${realpathSync(link)}`;
  throw new HoldfastError(
    "usage",
    `${link} is a system link with a different target on each machine. Upload its target${instead}`,
  );
}

interface TargetWork extends PutWork {
  readonly isForeign: boolean;
  readonly mirroring: Mirroring | undefined;
  readonly root: PutRoot;
  /** Growth of the files planned so far in a dry run. */
  readonly planned: { bytes: number };
}

async function putTarget(
  work: TargetWork,
  { local, remotePath }: PutTarget,
  known: Known,
  input: StandardInput,
): Promise<void> {
  const there = known.path === remotePath ? known.node : await work.root.find(remotePath);
  if (work.report.isDry) return previewTarget(work, { local, remotePath }, there, known);
  if (local.kind === "folder") return putFolder(work, local.path, remotePath, there);
  const names = splitPath(remotePath);
  const name = nameAt(remotePath, there);
  const remote = there;
  const isStdin = local.kind === "stdin";
  const shown = work.root.shown(remotePath);
  if (isStdin && remote !== undefined && remote.kind !== "file") throw notFile(shown, remote);
  const folderPath = joinPath(names.slice(0, -1));
  if (isStdin) {
    const nearest = await nearestFolder(work, there, folderPath, known);
    assertMayPut(remote ?? nearest);
    const opened = await openStandardInput(input, shown);
    const source = checkingName(opened, async () => {
      const late = remote === undefined ? await work.root.find(remotePath) : undefined;
      if (late?.kind === "folder") throw notFile(shown, late);
    });
    const stamp = { sizeBytes: 0, mtimeNanos: 0n, ctimeNanos: 0n, inode: 0n };
    const entry = { name, path: "-", kind: "file", stamp, sizeBytes: 0, mtimeMicros: 0, executable: false } as const;
    const folder = (): Promise<RemoteFolder> => folderFor(work, there, folderPath, known);
    const { id: into } = remote ?? nearest ?? (await folder());
    work.report.planned(0);
    return putStream(work, { entry, folder, remote, exchange: false, into }, source);
  }
  const looked = lookAt(resolve(local.path), name);
  if ("unfit" in looked) {
    const { path, code, message } = looked.unfit;
    // Only a special file that the user named is an error.
    return work.report.problem(path, message, code === "special_file" ? "failed" : code);
  }
  const { entry } = looked;
  const refusal = await refusalOfExchange(work.client, entry, remote);
  if (refusal !== undefined) return work.report.refused(entry.path, refusal);
  const folder = await folderFor(work, there, folderPath, known, (above) => isRefused(work, entry, above));
  if (folder === undefined) return;
  const tree = new TreePut(work, undefined);
  tree.putEntry(entry, folder, remote);
  await finish(tree);
}

/** The root of a link or an ID can be a file, which has a name but no path. */
function nameAt(remotePath: string, there: NodeJson | undefined): string {
  return splitPath(remotePath).at(-1) ?? there?.name ?? "";
}

function notFile(remotePath: string, { kind }: NodeJson): HoldfastError {
  return new HoldfastError("conflict", `${remotePath} is a ${kind} on the server, not a file.`);
}

async function previewTarget(
  work: TargetWork,
  { local, remotePath }: PutTarget,
  there: NodeJson | undefined,
  known: Known,
): Promise<void> {
  const shown = work.root.shown(remotePath);
  if (local.kind === "folder" && there !== undefined && there.kind !== "folder") throw notFolder(shown, there);
  if (local.kind === "folder") {
    const { remote, surplus } = await standingIn(work, there);
    if (!work.isForeign) await checkRoom(work, resolve(local.path), there, remote);
    const above = there === undefined ? await folderAbove(work, remotePath) : undefined;
    assertMayPut(above);
    const preview = new PutPreview(work, remote, surplus);
    if (there !== undefined && isToBeClosed(local.path, there)) preview.setAttributes(shown);
    await preview.takeFolder(resolve(local.path), shown, there);
    if (work.mirroring !== undefined) await surplus?.delete(work.mirroring);
    return;
  }
  const preview = new PutPreview(work, undefined);
  const looked = lookAt(resolve(local.path), nameAt(remotePath, there));
  if ("unfit" in looked) return work.report.problem(looked.unfit.path, looked.unfit.message, "failed");
  const { entry } = looked;
  const refusal = await refusalOfExchange(work.client, entry, there);
  if (refusal !== undefined) return work.report.refused(entry.path, refusal);
  await preview.takeEntry(entry, shown, there, async () => {
    const path = joinPath(splitPath(remotePath).slice(0, -1));
    const folder = await nearestFolder(work, there, path, known);
    if (folder === undefined) return false;
    const plannedBytes = work.planned.bytes;
    if (await isRefused(work, entry, folder, { remote: there, plannedBytes })) return true;
    work.planned.bytes += growthOf({ remote: there }, entry.sizeBytes);
    return false;
  });
}

async function putFolder(
  work: TargetWork,
  localPath: string,
  remotePath: string,
  there: NodeJson | undefined,
): Promise<void> {
  const node = await ensureFolder(work, remotePath, there);
  // The folder may be in another space, which has its own blocks.
  const own = { ...work, sent: new SentBlocks() };
  const { remote, surplus } = await standingIn(own, there);
  if (!work.isForeign) await checkRoom(own, resolve(localPath), there, remote);
  await closeAsHere(own, localPath, node, there);
  const tree = new TreePut(own, remote, surplus);
  try {
    await tree.putFolder(resolve(localPath), toRemoteFolder(node), remotePath);
  } catch (thrown) {
    await tree.settle();
    throw thrown;
  }
  await finish(tree);
  if (work.mirroring !== undefined) await surplus?.delete(work.mirroring);
}

/**
 * Makes the remote folder private before content is added, if the local folder is private.
 * @param there undefined: the folder is new
 */
async function closeAsHere(work: TargetWork, path: string, node: NodeJson, there: NodeJson | undefined): Promise<void> {
  if (!isToBeClosed(path, node)) return;
  const onCommitted = (): void => void (work.report.attributesSet += there === undefined ? 0 : 1);
  await commit(work, [{ path, operations: [closingOperation(work, node)], onCommitted }]);
}

/** A root, and the top folder of another account's share, have no privacy of their own. */
function isToBeClosed(path: string, node: NodeJson): boolean {
  const looked = node.parent_id === null ? undefined : lookAt(resolve(path), node.name);
  return looked !== undefined && "entry" in looked && planPut(looked.entry, node).do === "attributes";
}

async function standingIn(work: TargetWork, there: NodeJson | undefined) {
  if (there?.kind !== "folder") return {};
  const seen = work.mirroring === undefined ? undefined : await seenIn(work.client, there);
  const { counts } = work.report;
  const { search } = counts;
  const remote = await RemoteTree.load(work.client, there.id, (found) => {
    counts.search = { doing: "listing the server's folder", found };
  });
  counts.search = search;
  return { remote, surplus: work.mirroring === undefined ? undefined : new Surplus(work, remote, seen) };
}

async function finish(tree: TreePut): Promise<void> {
  try {
    await tree.finish();
  } finally {
    await tree.settle();
  }
}
