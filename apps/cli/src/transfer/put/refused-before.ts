import { constants, promises as fs } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { assertNotHopeless } from "../transfer-report.ts";
import { askRoom } from "./ask-room.ts";
import type { LocalEntry } from "./local-folder.ts";
import { readFailure } from "./local-folder.ts";
import { refusalOf } from "./may-put.ts";
import type { RemoteState } from "./put-plan.ts";
import { growthOf } from "./put-work.ts";
import type { KnownRole, PutWork, QueuedFile } from "./put-work.ts";

/**
 * Runs before a folder is created for the file, or in a dry run. The report lists the reason.
 * @param folder remote folder in whose space the file would be stored
 * @param more `remote`: the file to replace; `plannedBytes`: space that earlier files of a dry run take
 * @returns true if the file cannot be read or does not fit, or if the caller's role forbids the upload
 * @throws HoldfastError for an error that every other file would meet too
 */
export async function isRefused(
  work: PutWork,
  entry: LocalEntry,
  { id, ...at }: Pick<NodeJson, "id"> & KnownRole,
  { remote, plannedBytes = 0 }: { readonly remote?: RemoteState | undefined; readonly plannedBytes?: number } = {},
): Promise<boolean> {
  const { path, kind, sizeBytes } = entry;
  const file: QueuedFile = { entry, folder: { id, failed: false, parent: undefined, at }, remote, exchange: false };
  const refusal = refusalOf(file);
  if (refusal !== undefined) {
    work.report.refused(path, refusal);
    return true;
  }
  if (kind !== "file") return false;
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (thrown) {
    work.report.problem(path, readFailure(thrown), "unreadable");
    return true;
  }
  try {
    await askRoom(work, file, handle.fd, sizeBytes + plannedBytes);
    return false;
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    assertNotHopeless(thrown.code, `${path}: ${thrown.message}`);
    work.report.refused(path, thrown, growthOf(file, sizeBytes));
    return true;
  } finally {
    await handle.close();
  }
}
