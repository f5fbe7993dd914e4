import { createHash } from "node:crypto";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { type ManifestEntry, sizeOf } from "@holdfast/core/manifest";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Actor } from "../../tree/actor.ts";
import type { Committer } from "../../tree/commit/commit-queue.ts";
import { tellingRoom } from "../../tree/weight/quota-refusal.ts";
import { appendBlocks, type Progress, readEntries } from "./append-rows.ts";
import { giveBackRest } from "./remove-uploads.ts";
import { rememberHash, type Session, takeOver } from "./session-rows.ts";
import { storeBody } from "./store-body.ts";
import { openTail } from "./tails.ts";
import { type PutOperation, putOperation, type UploadRequest } from "./upload-request.ts";
import type { UploadsPorts } from "./uploads-ports.ts";

export interface Committed {
  readonly node: NodeJson;
  readonly created: boolean;
}

/**
 * Commits an upload whose bytes are all durable, at most once, because the operation's id is derived from the session.
 * @returns undefined if the upload has changed since the caller read it
 * @throws HoldfastError of the commit, or hash_mismatch, with `complete: true`: the bytes stay and the commit can be
 * repeated
 */
export async function finishUpload(
  ports: UploadsPorts,
  caller: Actor,
  session: Session,
  { total, request = session.request }: { readonly total: number; readonly request?: UploadRequest },
): Promise<Committed | undefined> {
  if (!(await tellingRoom(caller, closeFile(ports, session, total)))) return undefined;
  const entries = await readEntries(ports.shards.ofId(session.spaceId).db, session);
  // Another request finished or removed the upload; its rows are being deleted.
  if (sizeOf(entries) !== total) return undefined;
  await ports.crashPoint("all durable");
  try {
    await checkHash(ports, session, entries, total);
    await ports.crashPoint("hash checked");
    const operation: PutOperation = {
      ...putOperation(request, entries, total),
      uploadId: session.id,
      ...operationOf(session),
    };
    const committed = await commitPut(ports.committer, caller, operation);
    await ports.crashPoint("committed");
    await giveBackRest(ports, session.spaceId, session.id);
    return committed;
  } catch (error) {
    throw completeButFailed(error);
  }
}

/** @throws HoldfastError of the operation */
export async function commitPut(committer: Committer, caller: Actor, operation: PutOperation): Promise<Committed> {
  const { results } = await committer.commit(caller, [operation]);
  const [result] = results;
  if (result?.status === "committed" && result.node !== undefined)
    return { node: result.node, created: result.created };
  if (result?.status === "conflict" || result?.status === "error") throw result.error;
  if (result?.status !== "missing") throw new HoldfastError("internal", "The commit of an upload returned no node.");
  throw new HoldfastError("missing_blocks", "Part of the content no longer exists. Start a new upload.", {
    body: { missing_blocks: result.missingBlocks },
  });
}

export function hashMismatch(declared: HashHex, actual: HashHex): HoldfastError {
  const message = `The bytes have the SHA-256 ${actual}, not ${declared}. Nothing was changed; upload the file again.`;
  return new HoldfastError("hash_mismatch", message, { field: "sha256" });
}

/** Cuts the last block, which ends with the file and so can only be cut now. */
async function closeFile(ports: UploadsPorts, session: Session, total: number): Promise<boolean> {
  if (session.blocksEnd === total && session.total === total) return true;
  const { db } = ports.shards.ofId(session.spaceId);
  const generation = await takeOver(db, session, total, ports.clock.nowMicros());
  if (generation === undefined) return false;
  await ports.crashPoint("taken over");
  const writer = { session, generation, lifetimeMs: ports.lifetimeMs };
  const tail = await openTail(ports, session);
  await ports.crashPoint("tail opened");
  let progress: Progress = session;
  const target = {
    spaceId: session.spaceId,
    uploader: session.userId,
    pieceBytes: ports.pieceBytes(),
    fileEnds: () => true,
    onStored: async (entries: readonly ManifestEntry[]) => {
      progress = await appendBlocks(db, writer, progress, entries, ports.clock.nowMicros());
      await ports.crashPoint("blocks appended");
    },
  };
  await storeBody(ports, target, {
    stop: () => {},
    async *[Symbol.asyncIterator]() {
      if (tail.length > 0) yield await Promise.resolve(tail);
    },
  });
  return progress.durable === total;
}

async function checkHash(
  ports: UploadsPorts,
  session: Session,
  entries: readonly ManifestEntry[],
  total: number,
): Promise<void> {
  const declared = session.request.sha256;
  if (declared === undefined) return;
  let actual = session.sha256;
  if (actual === null) {
    const seen = ports.hashes.take(session.id, total)?.digest("hex") as HashHex | undefined;
    actual = seen ?? (await hashStored(ports, session, entries, total));
    await rememberHash(ports.shards.ofId(session.spaceId).db, session, actual);
  }
  if (actual !== declared) throw hashMismatch(declared, actual);
}

async function hashStored(
  { blocks }: UploadsPorts,
  { spaceId }: Session,
  entries: readonly ManifestEntry[],
  total: number,
): Promise<HashHex> {
  const hash = createHash("sha256");
  for await (const bytes of blocks.readRange(spaceId, entries, 0, total, { passing: true })) hash.update(bytes);
  return hash.digest("hex") as HashHex;
}

/** Concurrent requests to finish an upload, or one after a crash, are the same operation. */
function operationOf({ id }: Session): { operationId: Buffer; requestHash: Buffer } {
  const requestHash = createHash("sha256").update(`holdfast upload ${id}`).digest();
  return { operationId: requestHash.subarray(0, 16), requestHash };
}

function completeButFailed(thrown: unknown): HoldfastError {
  const { code, message, field, retryAfterSeconds, body } = toHoldfastError(thrown);
  return new HoldfastError(code, message, {
    ...(field === undefined ? {} : { field }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    body: { ...body, complete: true },
    cause: thrown,
  });
}
