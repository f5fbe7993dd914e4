import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type ManifestEntry, sizeOf } from "@holdfast/core/manifest";
import type { Actor } from "../../tree/actor.ts";
import type { OperationBase } from "../../tree/commit/operation.ts";
import { tellingRoom } from "../../tree/weight/quota-refusal.ts";
import { BodySource } from "./body-source.ts";
import { assertMayUpload, checkTarget, fitsQuota, settleUpload } from "./check-target.ts";
import { type Committed, commitPut, hashMismatch } from "./finish-upload.ts";
import { storeBody } from "./store-body.ts";
import { putOperation, type UploadRequest } from "./upload-request.ts";
import type { UploadsPorts } from "./uploads-ports.ts";

export interface MediaUpload {
  readonly caller: Actor;
  readonly request: UploadRequest;
  readonly body: Readable;
  readonly contentLengthBytes: number | undefined;
  /** Has an Idempotency-Key: a repetition must not fail because of its own result. */
  readonly repeatable: boolean;
  readonly identify: (facts: {
    sha256: HashHex | null;
    size: number;
  }) => Pick<OperationBase, "operationId" | "requestHash">;
}

/**
 * Uploads a whole file in one request. Blocks are stored as they arrive; one commit makes the file visible. An
 * interrupted upload leaves unreferenced blocks for collection.
 * @throws HoldfastError hash_mismatch, too_large, quota and errors of the commit
 */
export async function uploadMedia(ports: UploadsPorts, asked: MediaUpload): Promise<Committed> {
  const { contentLengthBytes, repeatable } = asked;
  assertSize(contentLengthBytes ?? 0);
  const { actor: caller, request } = await settleUpload(ports.shards, asked.caller, asked.request);
  const upload = { ...asked, caller, request };
  if (!caller.owns) await assertMayUpload(ports.shards, caller, request);
  if (!repeatable && (await isWorthChecking(ports, upload))) {
    await tellingRoom(caller, checkTarget(ports, caller, request, contentLengthBytes ?? null));
  }
  const { entries, sha256 } = await tellingRoom(caller, storeWhole(ports, upload));
  if (request.sha256 !== undefined && sha256 !== null && sha256 !== request.sha256)
    throw hashMismatch(request.sha256, sha256);
  const sizeBytes = sizeOf(entries);
  const operation = { ...putOperation(request, entries, sizeBytes), ...upload.identify({ sha256, size: sizeBytes }) };
  return commitPut(ports.committer, caller, operation);
}

/** The commit of a short body is as fast, but a body over the quota would count as stored for a while. */
async function isWorthChecking(
  { shards }: UploadsPorts,
  { caller, contentLengthBytes = Infinity }: MediaUpload,
): Promise<boolean> {
  return contentLengthBytes > limits.blockBytesMax || !(await fitsQuota(shards, caller.spaceId, contentLengthBytes));
}

async function storeWhole(
  ports: UploadsPorts,
  { caller, request, body, repeatable }: MediaUpload,
): Promise<{ entries: readonly ManifestEntry[]; sha256: HashHex | null }> {
  const hash = request.sha256 !== undefined || repeatable ? createHash("sha256") : undefined;
  const source = new BodySource(body, {
    bytesMax: limits.fileBytesMax,
    before: new Uint8Array(0),
    ...(hash === undefined ? {} : { onBytes: (bytes: Uint8Array) => void hash.update(bytes) }),
  });
  const entries: ManifestEntry[] = [];
  const target = {
    spaceId: caller.spaceId,
    uploader: caller.userId,
    pieceBytes: ports.pieceBytes(),
    fileEnds: () => source.failure === undefined,
    onStored: async (stored: readonly ManifestEntry[]) => void entries.push(...stored),
  };
  await storeBody(ports, target, source);
  if (source.failure !== undefined) throw source.failure;
  if (source.surplus) assertSize(Infinity);
  return { entries, sha256: (hash?.digest("hex") as HashHex | undefined) ?? null };
}

function assertSize(sizeBytes: number): void {
  if (sizeBytes <= limits.fileBytesMax) return;
  throw new HoldfastError("too_large", `A file has at most ${limits.fileBytesMax} bytes.`);
}
