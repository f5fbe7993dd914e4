import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { startCodecPool } from "@holdfast/codec/pool";
import type { NodeId } from "@holdfast/core/ids";
import type { Preview, PreviewedRun } from "@holdfast/sync/loop/engine/preview";
import type { RemoteSpace } from "@holdfast/remote-space/remote-space";
import { ownFolder } from "@holdfast/sync-ports/paths";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { toFolderError } from "@holdfast/synced-folder/folder-error";
import { openSyncedFolder } from "@holdfast/synced-folder/open-synced-folder";
import { type FolderAbilities, probeFolder } from "@holdfast/synced-folder/probe-folder";
import type { Run } from "../invocation/run.ts";
import type { Connection } from "../config/connection.ts";
import { count, formatBytes } from "../output/text.ts";
import { linesByFolder } from "../transfer/plan-lines.ts";
import { freeRoom } from "../transfer/put/room.ts";
import { waitingCount, waitingLines } from "./group-deletions.ts";
import { makeEngine, openSpace, type Parts, stateName } from "./client-engine.ts";
import { isCopiedMarker } from "./is-copied-marker.ts";
import { readKnownSyncs, type SyncRecord } from "./known-syncs.ts";
import { recordFor, type SyncChoices } from "./open-sync.ts";
import { groupedProblems, problemLine } from "./problem-lines.ts";
import { missingFeaturesOf, requireAbilities, slotKeyOf } from "./root-abilities.ts";
import { findRemoteFolder } from "./remote-folder.ts";
import { checkRoot, findSync, newRoot, refuseNested } from "./sync-root.ts";
import { reportMissing } from "./report-missing.ts";

const words: Readonly<Record<Preview["side"], string>> = { here: "here", server: "on the server" };

/**
 * `holdfast sync --dry-run`: reports what a run would do. Changes nothing on either side, and removes the folder that
 * tests the disk's abilities.
 */
export async function previewSync(run: Run, choices: SyncChoices): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "holdfast-preview-"));
  const remove = (): void => rmSync(scratch, { recursive: true, force: true });
  // Ctrl-C ends the process immediately, and the copy of the state may be large.
  process.once("exit", remove);
  try {
    const { changes, waiting, rejected, newRemote } = await previewIn(scratch, run, choices);
    const answer = { items: changes, next_cursor: null, waiting, rejected, new_remote: newRemote ?? null };
    await run.output.result(answer, () => [
      ...(newRemote === undefined ? [] : [`on the server: create the folder ${newRemote}`]),
      ...previewLines(changes),
      ...waitingLines(waiting).map((line) => `waiting for you: ${line}`),
      ...groupedProblems(rejected, "; --json lists them").map((problem) => `not synced: ${problemLine(problem)}`),
      summaryOf(changes, waiting, newRemote),
    ]);
  } finally {
    process.off("exit", remove);
    remove();
  }
}

export function previewLines(changes: readonly Preview[]): string[] {
  return linesByFolder(changes, {
    kindOf: ({ side, what }) => `${side} ${what}`,
    lineOf,
    together: (group) => {
      const [{ side, what, path }] = group;
      const folder = dirname(path) === "." ? "the top folder" : dirname(path);
      return `${words[side]}: ${what} ${count(group.length, "path")} in ${folder}${withFiles(group)}${withBytes(group)}`;
    },
  });
}

function withFiles(changes: readonly Preview[]): string {
  const files = changes.reduce((sum, each) => sum + (each.files ?? 0), 0);
  return files === 0 ? "" : `, with ${count(files, "file")}`;
}

function lineOf(change: Preview): string {
  const { side, what, path, from, of } = change;
  if (of !== undefined) return `${words[side]}: conflict, keep ${of} twice, the version here as ${path}`;
  const place = from === undefined ? path : `${from} to ${path}`;
  return `${words[side]}: ${what} ${place}${withFiles([change])}${withBytes([change])}`;
}

function withBytes(changes: readonly Preview[]): string {
  const bytes = bytesOf(changes);
  return bytes === 0 ? "" : ` (${formatBytes(bytes)})`;
}

function bytesOf(changes: readonly Preview[]): number {
  return changes.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
}

export function summaryOf(
  changes: readonly Preview[],
  waiting: PreviewedRun["waiting"],
  newRemote: string | undefined,
): string {
  const number = changes.length + (newRemote === undefined ? 0 : 1);
  const bytesTo = (side: Preview["side"]): number => bytesOf(changes.filter((change) => change.side === side));
  const [up, down] = [bytesTo("server"), bytesTo("here")];
  const conflicts = changes.filter(({ of }) => of !== undefined).length;
  const facts = [
    ...(up === 0 ? [] : [`${formatBytes(up)} to upload`]),
    ...(down === 0 ? [] : [`${formatBytes(down)} to download`]),
    ...(conflicts === 0 ? [] : [`${count(conflicts, "file")} in conflict, both versions kept`]),
  ];
  const total = facts.length === 0 ? count(number, "change") : `${count(number, "change")}: ${facts.join(", ")}`;
  const done = number === 0 ? "Nothing to do" : total;
  if (waiting.length === 0) return `${done}.`;
  const what = waitingCount(waiting);
  return `${done}, and ${what} that would wait for you.`;
}

interface Previewed extends PreviewedRun {
  readonly newRemote: string | undefined;
}

async function previewIn(scratch: string, run: Run, choices: SyncChoices): Promise<Previewed> {
  const connection = await run.connect();
  const syncs = await readKnownSyncs(connection.configFolder);
  // A folder that a run would create is treated as empty.
  const isThere = existsSync(choices.folder);
  const folder = resolve(choices.folder);
  const root = isThere ? await checkRoot(folder, connection.configFolder) : await newRoot(folder);
  await refuseNested(root, syncs);
  const known = await findSync(root, syncs);
  let newRemote: string | undefined;
  const record = await recordFor({ root, known }, connection, choices, async (client, path) => {
    const found = await findRemoteFolder(client, path);
    if (found !== undefined) return found;
    newRemote = path;
    // Placeholder: the preview treats the new folder as empty.
    return (await client.call("getAccount")).root_id;
  });
  await reportMissing(run, record, connection.client, choices.excludes);
  const abilities = probeBeside(isThere ? root : dirname(root));
  requireAbilities(root, abilities);
  const database = await copyState(known && join(known.folder, stateName), join(scratch, stateName));
  try {
    const empty = await mkdtemp(join(scratch, "root-"));
    const preview = await previewOn(
      {
        database,
        isNew: newRemote !== undefined,
        missingFeatures: missingFeaturesOf(abilities),
        slotKey: slotKeyOf(abilities),
      },
      isThere ? record : { ...record, root: empty },
      connection,
      choices,
    );
    return { ...preview, newRemote };
  } finally {
    database.close();
  }
}

/** Tests the disk in a new folder inside `.holdfast`, which a running client ignores. */
function probeBeside(folder: string): FolderAbilities {
  const own = join(folder, ownFolder);
  const inside = existsSync(own) ? own : folder;
  const place = makeProbePlace(inside);
  try {
    return probeFolder(place);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function makeProbePlace(folder: string): string {
  try {
    return mkdtempSync(join(folder, `${ownFolder}-preview-`));
  } catch (thrown) {
    throw toFolderError(thrown, "probe the filesystem of", folder);
  }
}

async function previewOn(
  {
    database,
    isNew,
    ...own
  }: Pick<Parts, "missingFeatures" | "slotKey"> & { readonly database: DatabaseSync; readonly isNew: boolean },
  record: SyncRecord,
  connection: Connection,
  { limits, excludes, freesSpace, own: ownPaths, includes, confirmsDeletes }: SyncChoices,
): Promise<PreviewedRun> {
  const pool = startCodecPool();
  try {
    const opened = await openSpace(connection, pool, limits);
    const space = isNew ? emptied(opened) : opened;
    try {
      const state = new SyncState(database, record.remote_id as NodeId);
      const disk = openSyncedFolder(record.root, { pool });
      const isCopied = isCopiedMarker(record.root, connection.configFolder);
      const engine = makeEngine(record, { ...own, isCopied, space, state, disk, isPreview: true });
      engine.include(includes);
      engine.exclude(excludes, { freeSpace: freesSpace });
      engine.exclude(ownPaths);
      const freeBytes = await freeBytesIn(connection, record.remote_id);
      return await engine.preview({ approvesWaiting: confirmsDeletes, freeBytes });
    } finally {
      await space.close();
    }
  } finally {
    await pool.close();
  }
}

/** @returns undefined without a limit, or if the folder belongs to another account */
async function freeBytesIn({ client }: Connection, remoteId: string): Promise<number | undefined> {
  const { role } = await client.call("getNode", { params: { id: remoteId } });
  return role === "owner" ? freeRoom({ client }) : undefined;
}

/** Makes the space look empty, like a folder that does not exist yet. */
function emptied(space: RemoteSpace): RemoteSpace {
  return {
    ...space,
    snapshot: async (cursor) => ({ ...(await space.snapshot(cursor)), items: [], next_cursor: null }),
    listChanges: async (sinceToken) => ({ ...(await space.listChanges(sinceToken)), changes: [] }),
  };
}

/** Copies the state at one moment, also of a running client. */
async function copyState(from: string | undefined, to: string): Promise<DatabaseSync> {
  if (from === undefined || !existsSync(from)) return new DatabaseSync(to);
  const original = new DatabaseSync(from, { readOnly: true });
  try {
    await backup(original, to);
  } finally {
    original.close();
  }
  return new DatabaseSync(to);
}
