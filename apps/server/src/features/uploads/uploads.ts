import type { Readable } from "node:stream";
import { HoldfastError } from "@holdfast/core/errors";
import { isId, makeId, type UploadId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Actor } from "../../tree/actor.ts";
import type { OperationBase } from "../../tree/commit/operation.ts";
import { actorIn, findNode } from "../../tree/read/look-up.ts";
import { loadMounts } from "../../tree/read/mounts.ts";
import { nodeJson } from "../../tree/read/node-json.ts";
import { tellingRoom } from "../../tree/weight/quota-refusal.ts";
import { appendPiece } from "./append-piece.ts";
import { BodiesAtWork } from "./bodies-at-work.ts";
import { assertMayUpload, checkTarget, settleUpload } from "./check-target.ts";
import { type Committed, finishUpload } from "./finish-upload.ts";
import { type MediaUpload, uploadMedia } from "./media-upload.ts";
import { expireUploads, removeUpload } from "./remove-uploads.ts";
import { SeenHashes } from "./seen-hashes.ts";
import { findSession, findStarted, insertSession, noSuchUpload, type Session } from "./session-rows.ts";
import { type Correction, correct, type UploadRequest } from "./upload-request.ts";
import { isComplete, nextStep, type UploadAsk, type UploadStep } from "./upload-state.ts";
import type { UploadsOptions, UploadsPorts } from "./uploads-ports.ts";

export interface Uploads {
  /** @throws HoldfastError those of the commit at this time; too_large, operation_reused */
  start(caller: Actor, start: UploadStart): Promise<{ readonly id: UploadId; readonly expiresAt: number }>;
  /**
   * Appends a piece, or answers a query.
   * @throws HoldfastError offset, superseded, bad_request; those of the commit, with `complete`
   */
  put(caller: Actor, id: string, ask: PieceAsk, body: Readable): Promise<Committed | { readonly durable: number }>;
  state(caller: Actor, id: string): Promise<UploadShown>;
  remove(caller: Actor, id: string): Promise<void>;
  commit(caller: Actor, id: string, correction: Correction): Promise<Committed>;
  media(upload: MediaUpload): Promise<Committed>;
  expire(signal?: AbortSignal): Promise<number>;
  /** Resolves when no request is running and all received bytes are durable. */
  idle(): Promise<void>;
}

/** Conditions for the commit, if this request reaches it, in addition to those of the start. */
export interface PieceAsk extends UploadAsk, Pick<UploadRequest, "ifMatch" | "ifNoneMatch"> {}

export interface UploadStart {
  readonly request: UploadRequest;
  readonly sizeBytes: number | null;
  readonly key: Pick<OperationBase, "operationId" | "requestHash">;
}

export interface UploadShown {
  readonly durable: number;
  readonly total: number | null;
  readonly complete: boolean;
  readonly node: NodeJson | undefined;
}

export function openUploads(options: UploadsOptions): Uploads {
  const running = new Set<Promise<unknown>>();
  const ports: UploadsPorts = {
    crashPoint: () => {},
    ...options,
    hashes: new SeenHashes(),
    bodies: new BodiesAtWork(),
    pieceBytes: () => (running.size > bodiesAtFullSize ? limits.blockBytesAverage : limits.blockBytesMax),
  };
  const track = <Result>(work: Promise<Result>): Promise<Result> => {
    running.add(work);
    const forget = () => void running.delete(work);
    work.then(forget, forget);
    return work;
  };
  const find = (caller: Actor, id: string) => findUpload(ports, caller, id);
  return {
    start: (caller, start) => startUpload(ports, caller, start),
    put: (caller, id, ask, body) => track(putPiece(ports, caller, { ask, body, find: () => find(caller, id) })),
    state: async (caller, id) => show(ports, caller, await find(caller, id)),
    remove: async (caller, id) => {
      const session = await find(caller, id);
      await removeUpload(ports, session.spaceId, session.id);
    },
    commit: (caller, id, correction) => track(commitAgain(ports, caller, () => find(caller, id), correction)),
    media: (upload) => track(uploadMedia(ports, upload)),
    expire: (signal) => expireUploads(ports, signal),
    idle: async () => void (await Promise.allSettled(running)),
  };
}

/** With more concurrent bodies, smaller pieces limit the total memory. */
const bodiesAtFullSize = 16;

/** Attempts while other requests advance the upload between read and step. */
const looksMax = 5;

/** A caller who lost access to the target cannot append. */
async function findUpload(ports: UploadsPorts, caller: Actor, id: string): Promise<Session> {
  const { shards, clock } = ports;
  if (!isId(id)) throw noSuchUpload();
  const session = await findSession(shards.ofId(id as UploadId).db, caller, id, clock.nowMicros());
  if (session.spaceId !== caller.spaceId || !caller.owns) await assertMayUpload(shards, caller, session.request);
  return session;
}

async function startUpload(
  ports: UploadsPorts,
  asker: Actor,
  { request: asked, sizeBytes, key }: UploadStart,
): Promise<{ id: UploadId; expiresAt: number }> {
  const { shards, clock, random, lifetimeMs } = ports;
  const { actor: caller, request } = await settleUpload(shards, asker, asked);
  const { db } = shards.of(caller.bucket);
  const { operationId = null, requestHash = null } = key;
  for (let look = 0; look < looksMax; look += 1) {
    const nowMicros = clock.nowMicros();
    const started = operationId === null ? undefined : await findStarted(db, caller, operationId, nowMicros);
    if (started !== undefined && requestHash?.equals(started.requestHash) === true) return started;
    if (started !== undefined) {
      throw new HoldfastError("operation_reused", "This Idempotency-Key was used for another upload.", {
        field: "Idempotency-Key",
      });
    }
    await tellingRoom(caller, checkTarget(ports, caller, request, sizeBytes));
    const id = makeId<UploadId>(caller.bucket, clock.nowMs(), random(8));
    const expiresAt = nowMicros + lifetimeMs * 1000;
    const session = { id, request, total: sizeBytes, expiresAt, operationId, requestHash };
    if (await tellingRoom(caller, insertSession(db, caller, session, nowMicros))) return { id, expiresAt };
  }
  throw busy();
}

interface Put {
  readonly ask: PieceAsk;
  readonly body: Readable;
  readonly find: () => Promise<Session>;
}

async function putPiece(ports: UploadsPorts, caller: Actor, put: Put): Promise<Committed | { durable: number }> {
  for (let look = 0; look < looksMax; look += 1) {
    const session = await put.find();
    const answer = await takeStep(ports, caller, { ...put, session, step: nextStep(session, put.ask) });
    if (answer !== undefined) return answer;
  }
  throw busy();
}

/** @returns undefined if the upload had changed, and nothing was done */
async function takeStep(
  ports: UploadsPorts,
  caller: Actor,
  { session: found, step, ask, body, find }: Put & { readonly session: Session; readonly step: UploadStep },
): Promise<Committed | { durable: number } | undefined> {
  const session = withConditions(found, ask);
  if (step.do !== "append") return settle(ports, caller, session, step);
  const owns = caller.owns && session.spaceId === caller.spaceId;
  const done = await tellingRoom({ owns }, appendPiece(ports, session, step, body));
  const findAgain = async () => withConditions(await find(), ask);
  return done === undefined ? undefined : afterPiece(ports, caller, findAgain, done.total);
}

function withConditions(session: Session, { ifMatch, ifNoneMatch }: PieceAsk): Session {
  if (ifMatch === undefined && ifNoneMatch === undefined) return session;
  const conditions = {
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
  };
  return { ...session, request: { ...session.request, ...conditions } };
}

/** The body is durable, so the rest equals a query. */
async function afterPiece(
  ports: UploadsPorts,
  caller: Actor,
  find: () => Promise<Session>,
  total: number | null,
): Promise<Committed | { durable: number }> {
  for (let look = 0; look < looksMax; look += 1) {
    const session = await find();
    const step = nextStep(session, { range: { kind: "query", total }, contentLengthBytes: 0 });
    const answer = step.do === "append" ? undefined : await settle(ports, caller, session, step);
    if (answer !== undefined) return answer;
  }
  throw busy();
}

async function settle(
  ports: UploadsPorts,
  caller: Actor,
  session: Session,
  step: Exclude<UploadStep, { do: "append" }>,
): Promise<Committed | { durable: number } | undefined> {
  if (step.do === "show") return { node: await nodeOf(ports, caller, session), created: false };
  if (step.do === "report") return { durable: session.durable };
  return finishUpload(ports, await actorOf(ports, caller, session), session, step);
}

async function actorOf({ shards }: UploadsPorts, caller: Actor, { spaceId }: Session): Promise<Actor> {
  return spaceId === caller.spaceId ? caller : actorIn(caller, spaceId, await loadMounts(shards, caller));
}

async function commitAgain(
  ports: UploadsPorts,
  caller: Actor,
  find: () => Promise<Session>,
  correction: Correction,
): Promise<Committed> {
  for (let look = 0; look < looksMax; look += 1) {
    const session = await find();
    if (session.nodeId !== null) return { node: await nodeOf(ports, caller, session), created: false };
    if (session.total === null || !isComplete(session)) throw notComplete(session);
    const request = correct(session.request, correction);
    const actor = await actorOf(ports, caller, session);
    const committed = await finishUpload(ports, actor, session, { total: session.total, request });
    if (committed !== undefined) return committed;
  }
  throw busy();
}

async function show(ports: UploadsPorts, caller: Actor, session: Session): Promise<UploadShown> {
  const { durable, total, nodeId } = session;
  let node: NodeJson | undefined;
  try {
    node = nodeId === null ? undefined : await nodeOf(ports, caller, session);
  } catch (error) {
    // The file was purged, but the upload is finished.
    if (!(error instanceof HoldfastError) || error.code !== "not_found") throw error;
  }
  return { durable, total, complete: isComplete(session), node };
}

async function nodeOf({ shards }: UploadsPorts, caller: Actor, { nodeId }: Session): Promise<NodeJson> {
  return nodeJson(await findNode(shards, caller, nodeId ?? ""));
}

function notComplete({ durable, total }: Session): HoldfastError {
  const of = total === null ? "" : ` of ${total}`;
  return new HoldfastError("offset", `The upload is not complete: ${durable}${of} bytes were received.`, {
    body: { size: durable, complete: false },
  });
}

function busy(): HoldfastError {
  return new HoldfastError("superseded", "Other requests are continuing this upload. Read its state, then continue.");
}
