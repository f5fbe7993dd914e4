import { lstatSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { Readable } from "node:stream";
import { HoldfastError, isErrorCode } from "@holdfast/core/errors";
import { joinPath, splitPath } from "@holdfast/core/names";
import type { NodeJson } from "@holdfast/protocol/values";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { SharedWindows } from "@holdfast/codec/shared-windows";
import { findNode } from "../../remote/look-up.ts";
import { ContentJournal } from "../content-journal.ts";
import { NewIds } from "../new-ids.ts";
import { startTransferPool } from "../transfer-pool.ts";
import type { TransferReport } from "../transfer-report.ts";
import { putStream } from "./large-file.ts";
import { lookAt } from "./local-folder.ts";
import { putTargets } from "./put-targets.ts";
import type { LocalArgument, PutTarget } from "./put-targets.ts";
import { TreePut } from "./put-tree.ts";
import { SentBlocks } from "./put-work.ts";
import type { PutWork, RemoteFolder } from "./put-work.ts";
import { RemoteTree } from "./remote-tree.ts";

export interface PutOptions {
  readonly client: ApiClient;
  readonly configFolder: string;
  readonly report: TransferReport;
  readonly stdin: Readable;
}

/** 64 MiB of large files in memory: while one window is cut and one hashed, two are on their way. */
const windowBytes = 16 * 1024 * 1024;
const windowsMax = 4;

/**
 * Puts files and trees, merging into what is there. What could not be put is listed in the report, and the rest is done.
 * @throws HoldfastError for what stops all of it, and for the one file that was to be put
 */
export async function put(options: PutOptions, locals: readonly string[], remote: string): Promise<void> {
  const { client, configFolder, report } = options;
  const args = locals.map(toArgument);
  const remoteNode = await findNode(client, remote);
  const targets = putTargets(args, remote, remoteNode?.kind);
  const account = await client.call("getAccount");
  const pool = startTransferPool();
  const journal = new ContentJournal(configFolder);
  const nowMs = (): number => Date.now();
  const ids = new NewIds(account.bucket, nowMs);
  const windows = new SharedWindows(windowBytes, windowsMax);
  const work: PutWork = { client, pool, journal, ids, report, nowMs, sent: new SentBlocks(), windows };
  try {
    for (const target of targets) await putTarget(work, target, options.stdin);
  } finally {
    journal.close();
    await pool.close();
  }
  const [problem] = report.problems;
  const isOneFile = targets.length === 1 && targets[0]?.local.kind !== "folder";
  if (isOneFile && problem !== undefined) {
    throw new HoldfastError(isErrorCode(problem.code) ? problem.code : "failed", `${problem.path} was not put.`);
  }
}

function toArgument(path: string): LocalArgument {
  if (path === "-") return { path, kind: "stdin" };
  // A slash at the end asks for what a link leads to, as it does everywhere.
  const stats = path.endsWith("/")
    ? statSync(path, { throwIfNoEntry: false })
    : lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new HoldfastError("not_found", `There is no ${path} here.`);
  if (stats.isDirectory()) return { path, kind: "folder" };
  return { path, kind: stats.isSymbolicLink() ? "symlink" : "file" };
}

async function putTarget(work: PutWork, { local, remotePath }: PutTarget, stdin: Readable): Promise<void> {
  if (local.kind === "folder") return putFolder(work, local.path, remotePath);
  const names = splitPath(remotePath);
  const name = names.at(-1) ?? "";
  const folder = toRemoteFolder(await ensureFolder(work.client, joinPath(names.slice(0, -1)), work.report));
  const remote = await findNode(work.client, remotePath);
  if (local.kind === "stdin") {
    if (remote !== undefined && remote.kind !== "file") {
      throw new HoldfastError("conflict", `${remotePath} is a ${remote.kind} on the server, not a file.`);
    }
    const stamp = { sizeBytes: 0, mtimeNanos: 0n, ctimeNanos: 0n, inode: 0n };
    const entry = { name, path: "-", kind: "file", stamp, sizeBytes: 0, mtimeMicros: 0, executable: false } as const;
    work.report.planned(0);
    return putStream(work, { entry, folder, remote, exchange: false }, stdin);
  }
  const looked = lookAt(resolve(local.path), name);
  if ("unfit" in looked) return work.report.problem(looked.unfit.path, looked.unfit.message);
  const tree = new TreePut(work, undefined);
  tree.putEntry(looked.entry, folder, remote);
  await finish(tree);
}

async function putFolder(work: PutWork, localPath: string, remotePath: string): Promise<void> {
  const there = await findNode(work.client, remotePath);
  const isThere = there?.kind === "folder";
  const node = isThere ? there : await ensureFolder(work.client, remotePath, work.report);
  const tree = new TreePut(work, isThere ? await RemoteTree.load(work.client, node.id) : undefined);
  try {
    await tree.putFolder(resolve(localPath), toRemoteFolder(node));
  } catch (thrown) {
    await tree.settle();
    throw thrown;
  }
  await finish(tree);
}

async function finish(tree: TreePut): Promise<void> {
  try {
    await tree.finish();
  } finally {
    await tree.settle();
  }
}

/** @throws HoldfastError conflict where something else has the name */
async function ensureFolder(client: ApiClient, path: string, report: TransferReport): Promise<NodeJson> {
  const there = await findNode(client, path);
  if (there?.kind === "folder") return there;
  if (there !== undefined)
    throw new HoldfastError("conflict", `${path} is a ${there.kind} on the server, not a folder.`);
  report.foldersMade += 1;
  try {
    return await client.call("createNode", { body: { kind: "folder", path, parents: true } });
  } catch (thrown) {
    const code = thrown instanceof HoldfastError ? thrown.code : undefined;
    if (code !== "exists" && code !== "conflict") throw thrown;
    const made = await findNode(client, path);
    if (made?.kind === "folder") return made;
    throw new HoldfastError(
      "conflict",
      `${basename(path)} cannot be made: something on the way to ${path} is no folder.`,
      { cause: thrown },
    );
  }
}

function toRemoteFolder({ id }: NodeJson): RemoteFolder {
  return { id, failed: false, parent: undefined };
}
