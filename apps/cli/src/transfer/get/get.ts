import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { SharedWindows } from "@holdfast/codec/shared-windows";
import { HoldfastError, isErrorCode, toHoldfastError } from "@holdfast/core/errors";
import { nodeDisk, nodeDiskAt } from "@holdfast/disk/node-disk";
import { asNamed } from "@holdfast/disk/places";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Patterns } from "@holdfast/sync/rules/patterns";
import { atVersion } from "../../remote/at-version.ts";
import { listBelow } from "../../remote/list-below.ts";
import { trashedContents } from "../../remote/trashed-contents.ts";
import { arrivesPrivate } from "../../remote/look-up.ts";
import { lookUpIn } from "../../remote/look-up-shared.ts";
import { startTransferPool, wakeThreads } from "../transfer-pool.ts";
import type { LinkAddress } from "../../links/link-address.ts";
import type { Mirroring } from "../may-delete.ts";
import { changedHere } from "../kept-here.ts";
import type { TransferReport } from "../transfer-report.ts";
import { type BlockSource, blockSource } from "./block-source.ts";
import { FetchedFiles } from "./fetched-files.ts";
import { fetchWindowBytes } from "./fetch-plain.ts";
import { foldsNames, placeOf } from "./get-place.ts";
import type { GetPlace } from "./get-place.ts";
import { GetPreview } from "./preview-get.ts";
import { TreeGet } from "./get-tree.ts";
import { knownLocalChanges, overwrittenChanges, type LocalChanges } from "./local-changes.ts";
import { blockingDiskAt } from "./local-disk.ts";
import { syncEveryBytesUsual } from "./large-file.ts";
import { LocalSurplus } from "./local-surplus.ts";
import { LocalFolders } from "./local-folders.ts";
import { assertRoomAt, LocalRoom } from "./local-room.ts";
import { openTarget } from "./target-folder.ts";
import type { TargetFolder } from "./target-folder.ts";

export interface GetOptions {
  readonly client: ApiClient;
  readonly link?: LinkAddress | undefined;
  /**
   * For a node whose blocks cannot be fetched by hash.
   * @param folder with room for temporary files
   */
  readonly sourceOf?: ((node: NodeJson, folder: string) => Promise<BlockSource | undefined>) | undefined;
  readonly report: TransferReport;
  readonly configFolder: string;
  /** Also replaces files that were changed locally. */
  readonly overwrites: boolean;
  /** Number or id of a file's version; undefined: the newest. */
  readonly version?: string | undefined;
  readonly patterns?: Patterns | undefined;
  /** Also deletes local files that are missing on the server. undefined: deletes nothing */
  readonly mirroring?: Mirroring | undefined;
}

/** Some windows are fetched while others are verified and written. */
const windowsMax = 4;

/**
 * Downloads a file or a tree, and merges it into existing folders. Items that fail are listed in the report, and the
 * rest continues.
 * @throws HoldfastError for an error that stops the whole transfer, and for the failure of a single file
 */
export async function get(options: GetOptions, remote: string, local: string): Promise<void> {
  const node = await nodeToGet(options, remote);
  const place = await placeOf(nodeDisk, local, node);
  const target = openTarget(place.folderPath);
  try {
    await withChanges(options, (changes) => getInto(target, options, changes, node, place));
  } finally {
    target.close();
  }
  assertFileGot(options, node, remote);
}

/** Changes nothing. @throws HoldfastError as `get` */
export async function previewGet(options: GetOptions, remote: string, local: string): Promise<void> {
  const { client, report, patterns, mirroring } = options;
  const node = await nodeToGet(options, remote);
  const { folderPath, name } = await placeOf(undefined, local, node);
  const pool = startTransferPool();
  try {
    await withChanges(options, async (changes) => {
      const isFolding = process.platform !== "linux";
      const here = { disk: blockingDiskAt(asNamed), pool, report, changes, patterns, foldsNames: isFolding };
      const surplus = mirroring && new LocalSurplus({ ...here, trashed: () => trashedContents(client, node.id) });
      const preview = new GetPreview({ ...here, surplus });
      await preview.takeRoot(node, folderPath, name);
      if (node.kind === "folder")
        for await (const nodes of listBelow(client, node.id, {}, (page) => report.listed(page, false)))
          for (const each of nodes) await preview.take(each);
      if (mirroring !== undefined) await surplus?.delete(mirroring);
      checkRoom(report, folderPath);
    });
  } finally {
    await pool.close();
  }
  assertFileGot(options, node, remote);
}

/** Checks the free space for all files of a dry run together, by the bytes that would be fetched. */
function checkRoom(report: TransferReport, folderPath: string): void {
  try {
    assertRoomAt(nearestThere(folderPath), report.bytesSent);
  } catch (thrown) {
    const { code, message } = toHoldfastError(thrown);
    report.problem("", message, code);
  }
}

/** The nearest existing ancestor is on the same disk. A dry run creates no folder. */
function nearestThere(folderPath: string): string {
  let path = folderPath;
  while (statSync(path, { throwIfNoEntry: false }) === undefined && dirname(path) !== path) path = dirname(path);
  return path;
}

async function nodeToGet({ client, link, version, mirroring }: GetOptions, remote: string): Promise<NodeJson> {
  const found = await lookUpIn(client, link, remote);
  const node = { ...found, private: await arrivesPrivate(client, found) };
  if (mirroring !== undefined && node.kind !== "folder")
    throw new HoldfastError("usage", `--delete can only be used with a folder, and ${remote} is a ${node.kind}.`);
  return version === undefined ? node : atVersion(client, node, version);
}

async function withChanges(
  { client, configFolder, overwrites }: GetOptions,
  act: (changes: LocalChanges) => Promise<void>,
): Promise<void> {
  const fetched = new FetchedFiles(configFolder);
  try {
    await act(overwrites ? overwrittenChanges(client, fetched) : knownLocalChanges(client, fetched));
  } finally {
    fetched.close();
  }
}

function assertFileGot({ link, report }: GetOptions, { kind, name }: NodeJson, remote: string): void {
  const [problem] = report.problems;
  if (kind === "folder" || problem === undefined) return;
  const code = problem.code === changedHere ? "conflict" : problem.code;
  throw new HoldfastError(
    isErrorCode(code) ? code : "failed",
    `${link === undefined ? remote : name} was not downloaded.`,
  );
}

async function getInto(
  target: TargetFolder,
  { client, report, sourceOf, patterns, mirroring }: GetOptions,
  changes: LocalChanges,
  node: NodeJson,
  { folderPath, name, writtenPath }: GetPlace,
): Promise<void> {
  const [disk, largeDisk] = [blockingDiskAt(target.places), nodeDiskAt(target.places)];
  const runId = randomBytes(4).toString("hex");
  const folds = await foldsNames(disk, writtenPath, runId);
  const folders = new LocalFolders(disk, folds);
  const source = (await sourceOf?.(node, folderPath)) ?? blockSource(client);
  const pool = startTransferPool();
  if (node.kind === "folder") wakeThreads(pool);
  const windows = new SharedWindows(fetchWindowBytes, windowsMax);
  const room = new LocalRoom(folderPath, report);
  const local = { disk, largeDisk, folders, target, room, syncEveryBytes: syncEveryBytesUsual };
  const surplus =
    mirroring &&
    new LocalSurplus({
      disk,
      pool,
      report,
      changes,
      patterns,
      foldsNames: folds,
      trashed: () => trashedContents(client, node.id),
    });
  const tree = new TreeGet({ surplus, client, source, pool, windows, report, changes, patterns, runId, ...local });
  try {
    const { folder } = await folders.enter(folderPath, undefined);
    await tree.takeRoot(node, folder, name);
    // Until the whole tree is listed, the number of excluded files is unknown.
    const onPage = (page: readonly NodeJson[], isLast: boolean): void =>
      report.listed(page, isLast && patterns === undefined);
    if (node.kind === "folder")
      for await (const nodes of listBelow(client, node.id, { include: "blocks" }, onPage))
        for (const each of nodes) await tree.take(each);
    await tree.finish();
    if (mirroring !== undefined) await surplus?.delete(mirroring);
  } finally {
    await tree.settle();
    await source.close();
    await pool.close();
  }
}
