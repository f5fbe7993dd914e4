import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, makeId, type NodeId } from "@holdfast/core/ids";
import { sendStream, type SendingWork, type Sent } from "../transfer/put/send-stream.ts";
import type { Stretch } from "./read-archive.ts";

/**
 * The id that a node of an archive has where it is imported into: always the same, so that whoever goes on with an import, or imports a later
 * archive of the account, knows again what came before.
 * @param source the server and the account that the archive is of
 * @param beside of what is kept beside something else: which one
 */
export function importedId(source: string, nodeId: string, folderId: string, beside = 0): NodeId {
  const digest = createHash("sha256")
    .update(JSON.stringify([source, nodeId, beside]))
    .digest();
  // Its time is a part of the archive's, or none: ids of version 8 begin with one.
  const timeMs = Number.parseInt(nodeId.replaceAll("-", "").slice(0, 12), 16);
  return makeId<NodeId>(bucketOf(folderId as NodeId), Number.isNaN(timeMs) ? 0 : timeMs, digest.subarray(0, 8));
}

/** Sends what the server lacks of it into the space of folder `into`. */
export function sendContent(work: SendingWork, archivePath: string, stretch: Stretch, into: string): Promise<Sent> {
  const { offset, sizeBytes } = stretch;
  return sendStream(work, createReadStream(archivePath, { start: offset, end: offset + sizeBytes - 1 }), into);
}

/** @throws HoldfastError content_mismatch where it is not what the archive says */
export function assertContent(
  read: Pick<Sent, "contentId" | "sizeBytes">,
  { version, stretch }: { readonly version: { readonly content_id: string }; readonly stretch: Stretch },
): void {
  const { content_id: contentId } = version;
  if (read.contentId === contentId && read.sizeBytes === stretch.sizeBytes) return;
  throw new HoldfastError(
    "content_mismatch",
    `its content does not match the archive's list (${contentId}). The archive was changed during the import, or its lists are wrong.`,
  );
}
