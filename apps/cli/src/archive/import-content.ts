import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, makeId, type NodeId } from "@holdfast/core/ids";
import { sendStream, type SendingWork, type Sent } from "../transfer/put/send-stream.ts";
import type { Stretch } from "./read-archive.ts";

/**
 * Derives the id of an imported node, so that a repeated import, or one of a later archive of the account, recognizes
 * earlier nodes.
 * @param source server and account of the archive
 * @param beside number of the name beside an existing node
 */
export function importedId(source: string, nodeId: string, folderId: string, beside = 0): NodeId {
  const digest = createHash("sha256")
    .update(JSON.stringify([source, nodeId, beside]))
    .digest();
  // Uses the time of the archive's id; 0 for ids without one. Ids of version 8 begin with a time.
  const timeMs = Number.parseInt(nodeId.replaceAll("-", "").slice(0, 12), 16);
  return makeId<NodeId>(bucketOf(folderId as NodeId), Number.isNaN(timeMs) ? 0 : timeMs, digest.subarray(0, 8));
}

/** Sends only the blocks that the server lacks. */
export function sendContent(work: SendingWork, archivePath: string, stretch: Stretch, into: string): Promise<Sent> {
  const { offset, sizeBytes } = stretch;
  return sendStream(work, createReadStream(archivePath, { start: offset, end: offset + sizeBytes - 1 }), into);
}

/** @throws HoldfastError content_mismatch */
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
