import { HoldfastError } from "@holdfast/core/errors";
import { appendTail, type Progress, readTailRows } from "./append-rows.ts";
import type { Session, Writer } from "./session-rows.ts";
import type { UploadsPorts } from "./uploads-ports.ts";

/** More rows than this are merged, so that very many tiny pieces stay cheap to read. */
const tailRowsMax = 64;

/** Returns the decrypted bytes after the last block. */
export async function openTail(ports: UploadsPorts, session: Session): Promise<Uint8Array> {
  if (session.durable === session.blocksEnd) return new Uint8Array(0);
  const rows = await readTailRows(ports.shards.ofId(session.spaceId).db, session);
  const pieces: Uint8Array[] = [];
  let offset = session.blocksEnd;
  for (const row of rows) {
    if (row.offset !== offset) throw brokenTail(session);
    const { epoch, salt, sealed, generation, size } = row;
    const place = { sessionId: session.id, generation, offset, sizeBytes: size };
    pieces.push(await ports.blocks.openTail(place, { epoch, salt, sealed }));
    offset += size;
  }
  if (offset !== session.durable) throw brokenTail(session);
  return Buffer.concat(pieces);
}

/**
 * Makes bytes after the last block durable.
 * @param tail all bytes after the last block if they were opened, else only the new bytes
 */
export async function saveTail(
  ports: UploadsPorts,
  writer: Writer,
  from: Progress,
  tail: { readonly whole: Uint8Array } | { readonly fresh: Uint8Array },
): Promise<Progress> {
  const { session } = writer;
  const opened = "whole" in tail ? tail.whole : undefined;
  const known = from.durable - from.blocksEnd;
  const fresh = "whole" in tail ? tail.whole.subarray(known) : tail.fresh;
  if (fresh.length === 0) return from;
  const merge = known > 0 && session.tailRows >= tailRowsMax;
  if (!merge) return writeTail(ports, writer, from, { offset: from.durable, plain: fresh });
  const plain = opened ?? Buffer.concat([await openTail(ports, session), fresh]);
  return writeTail(ports, writer, from, { offset: from.blocksEnd, plain });
}

async function writeTail(
  { shards, blocks, clock, crashPoint }: UploadsPorts,
  writer: Writer,
  from: Progress,
  { offset, plain }: { readonly offset: number; readonly plain: Uint8Array },
): Promise<Progress> {
  const { session, generation } = writer;
  const place = { sessionId: session.id, generation, offset, sizeBytes: plain.length };
  const sealed = await blocks.sealTail(place, plain);
  await crashPoint("tail sealed");
  const { db } = shards.ofId(session.spaceId);
  const to = await appendTail(db, writer, from, { offset, sizeBytes: plain.length, sealed }, clock.nowMicros());
  await crashPoint("tail appended");
  return to;
}

function brokenTail({ id, durable }: Session): HoldfastError {
  return new HoldfastError("superseded", `Another request has advanced upload ${id} beyond byte ${durable}.`);
}
