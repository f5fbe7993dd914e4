import type { Readable } from "node:stream";
import type { Hash } from "node:crypto";
import { limits } from "@holdfast/core/limits";
import { appendBlocks, type Progress } from "./append-rows.ts";
import { BodySource } from "./body-source.ts";
import { type Session, takeOver, type Writer } from "./session-rows.ts";
import { storeBody } from "./store-body.ts";
import { openTail, saveTail } from "./tails.ts";
import { badRange, type UploadStep } from "./upload-state.ts";
import type { UploadsPorts } from "./uploads-ports.ts";

type Append = Extract<UploadStep, { do: "append" }>;

/**
 * Takes over the upload and makes all received bytes durable, including those after the last cut, even if the client
 * disconnects.
 * @returns the file's total if the body's end determined it, else null; undefined if the upload has changed since the
 * step was chosen, and nothing was read
 * @throws HoldfastError superseded, store_full; the error of body or store, after all possible bytes are durable
 */
export async function appendPiece(
  ports: UploadsPorts,
  session: Session,
  step: Append,
  body: Readable,
): Promise<{ readonly total: number | null } | undefined> {
  const { shards, clock, bodies, blocks } = ports;
  await blocks.assertRoom(session.spaceId, step.end === null ? 0 : step.end - step.start);
  const generation = await takeOver(shards.ofId(session.spaceId).db, session, step.total, clock.nowMicros());
  if (generation === undefined) return undefined;
  const leave = bodies.enter(session.id, generation, body);
  try {
    await ports.crashPoint("taken over");
    return await append(ports, { session, generation, lifetimeMs: ports.lifetimeMs }, step, body);
  } finally {
    leave();
  }
}

async function append(
  ports: UploadsPorts,
  writer: Writer,
  step: Append,
  body: Readable,
): Promise<{ readonly total: number | null }> {
  const { hashes } = ports;
  const { session } = writer;
  const piece: PieceUnderWay = {
    writer,
    step,
    body,
    hash: session.request.sha256 === undefined ? undefined : hashes.take(session.id, step.start),
  };
  const { source, progress } = canWaitAsTail(piece)
    ? await appendToTail(ports, piece)
    : await appendToBlocks(ports, piece);
  if (piece.hash !== undefined && progress.durable === step.start + source.receivedBytes) {
    hashes.put(session.id, progress.durable, piece.hash);
  }
  if (source.surplus) throw badRange("The body is larger than declared.");
  if (source.failure !== undefined) throw source.failure;
  return { total: step.total === null && step.end === null ? progress.durable : null };
}

interface PieceUnderWay {
  readonly writer: Writer;
  readonly step: Append;
  readonly body: Readable;
  readonly hash: Hash | undefined;
}

interface Outcome {
  readonly source: BodySource;
  readonly progress: Progress;
}

/** Bytes below the minimum block size contain no cut, so the existing tail need not be read. */
function canWaitAsTail({ writer: { session }, step: { end, total } }: PieceUnderWay): boolean {
  return end !== null && end !== total && end - session.blocksEnd < limits.blockBytesMin;
}

async function appendToTail(ports: UploadsPorts, piece: PieceUnderWay): Promise<Outcome> {
  const source = sourceOf(piece, new Uint8Array(0));
  const fresh: Uint8Array[] = [];
  for await (const bytes of source) fresh.push(Uint8Array.from(bytes));
  const progress = await saveTail(ports, piece.writer, piece.writer.session, { fresh: Buffer.concat(fresh) });
  return { source, progress };
}

async function appendToBlocks(ports: UploadsPorts, piece: PieceUnderWay): Promise<Outcome> {
  const { writer, step } = piece;
  const { spaceId, userId } = writer.session;
  const before = await openTail(ports, writer.session);
  await ports.crashPoint("tail opened");
  const source = sourceOf(piece, before);
  let progress: Progress = writer.session;
  const target = {
    spaceId,
    uploader: userId,
    pieceBytes: ports.pieceBytes(),
    fileEnds: () =>
      step.total === null
        ? step.end === null && source.failure === undefined && !source.surplus
        : step.start + source.receivedBytes === step.total,
    onStored: async (entries: Parameters<typeof appendBlocks>[3]) => {
      progress = await appendBlocks(ports.shards.ofId(spaceId).db, writer, progress, entries, ports.clock.nowMicros());
      await ports.crashPoint("blocks appended");
    },
  };
  const tail = await storeBody(ports, target, source);
  return { source, progress: await saveTail(ports, writer, progress, { whole: tail }) };
}

function sourceOf({ body, step: { start, end, total }, hash }: PieceUnderWay, before: Uint8Array): BodySource {
  return new BodySource(body, {
    bytesMax: (end ?? total ?? limits.fileBytesMax) - start,
    before,
    ...(hash === undefined ? {} : { onBytes: (bytes: Uint8Array) => void hash.update(bytes) }),
  });
}
