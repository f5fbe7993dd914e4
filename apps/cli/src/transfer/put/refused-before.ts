import { constants, promises as fs } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { assertNotHopeless } from "../transfer-report.ts";
import { askRoom } from "./ask-room.ts";
import type { LocalEntry } from "./local-folder.ts";
import { readFailure } from "./local-folder.ts";
import type { PutWork } from "./put-work.ts";

/**
 * Checks a new file before a folder is made for it.
 * @param above the folder on the server that the new one would be in
 * @returns true if it cannot be read or has no room; the report lists why
 * @throws HoldfastError for what the next file would meet too
 */
export async function isRefused(work: PutWork, entry: LocalEntry, above: NodeJson): Promise<boolean> {
  const { path, kind, sizeBytes } = entry;
  if (kind !== "file") return false;
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (thrown) {
    work.report.problem(path, readFailure(thrown), "unreadable");
    return true;
  }
  try {
    const folder = { id: above.id, failed: false, parent: undefined };
    await askRoom(work, { entry, folder, remote: undefined, exchange: false }, handle.fd, sizeBytes);
    return false;
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    assertNotHopeless(thrown.code, `${path}: ${thrown.message}`);
    work.report.refused(path, thrown, sizeBytes);
    return true;
  } finally {
    await handle.close();
  }
}
