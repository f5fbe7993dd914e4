import { missingBlocks, uploadBlocks } from "@holdfast/api-client/block-upload";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import { batchContentType, encodeBatchBody } from "@holdfast/protocol/frames";
import type { BatchResult, OutgoingBlock, Server } from "@holdfast/sync-ports/ports";
import { patchedOrWhole, type SendingParts } from "./send-blocks.ts";
import { windowsOf } from "./windows.ts";

/** Preferred size of a request's JSON. */
export const jsonBytesWished = 4 * 1024 * 1024;

/**
 * See `Server.commit`. Splits large requests in order, but never a group. After a broken connection, requests are
 * shorter, so that a retry succeeds. Operations that were executed return their earlier result.
 */
export async function commit(
  parts: SendingParts,
  epoch: string,
  operations: readonly BatchOperationInput[],
  blocks: readonly OutgoingBlock[],
): ReturnType<Server["commit"]> {
  const left = new Map(blocks.map((block) => [block.hash, block]));
  const results: BatchResult[] = [];
  let seq = 0;
  for (const page of pagesOf(operations, parts.jsonPace.bytes)) {
    const taken = takeBlocks(left, page.operations.flatMap(hashesOf));
    const answer = await sendPage(parts, epoch, page, taken);
    results.push(...answer.results);
    seq = answer.seq;
  }
  return { results, seq };
}

async function sendPage(
  parts: SendingParts,
  epoch: string,
  { operations, bytes: jsonBytes }: Page,
  blocks: readonly OutgoingBlock[],
) {
  const { client, pool, signal, pace, jsonPace } = parts;
  const json = { ...(epoch === "" ? {} : { epoch }), operations };
  const ahead = async () => {
    try {
      const answer = await client.call("syncDelta", { body: json, signal });
      jsonPace.arrived(jsonBytes);
      return answer;
    } catch (thrown) {
      if (isUnreachable(thrown)) jsonPace.cut(jsonBytes);
      throw thrown;
    }
  };
  if (blocks.length === 0) return ahead();
  return patchedOrWhole(pool, blocks, async (framed) => {
    const pieces = [...encodeBatchBody(json, []), ...framed.flatMap(({ frame }) => frame)];
    const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (sizeBytes <= pace.bytes) {
      try {
        const bytes = { contentType: batchContentType, pieces };
        const answer = await client.call("syncDelta", { bytes, signal, endsWithBreak: true });
        pace.arrived(sizeBytes);
        return answer;
      } catch (thrown) {
        if (!isUnreachable(thrown)) throw thrown;
        pace.cut();
      }
    }
    // The connection cannot carry them together. Executed operations return their earlier result.
    const missing = await missingBlocks(
      { client, into: parts.rootId },
      framed.map(({ hash }) => hash),
    );
    const rest = framed.filter(({ hash }) => missing.has(hash));
    await uploadBlocks({ ...parts, into: parts.rootId }, rest);
    return ahead();
  });
}

function isUnreachable(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && thrown.code === "unreachable";
}

interface Page {
  readonly operations: BatchOperationInput[];
  bytes: number;
}

function pagesOf(operations: readonly BatchOperationInput[], bytesMax: number): Page[] {
  const units: Page[] = [];
  for (const operation of operations) {
    const bytes = Buffer.byteLength(JSON.stringify(operation)) + 1;
    const last = units.at(-1);
    if (last !== undefined && operation.group !== undefined && last.operations[0]?.group === operation.group) {
      last.operations.push(operation);
      last.bytes += bytes;
    } else units.push({ operations: [operation], bytes });
  }
  const tooLarge = units.find((unit) => unit.operations.length > limits.batchOperationsMax);
  if (tooLarge !== undefined)
    throw new HoldfastError("too_large", `A group has at most ${limits.batchOperationsMax} operations.`);
  const pages: Page[] = [];
  for (const some of windowsOf(units, {
    bytesMax,
    countMax: limits.batchOperationsMax,
    bytesOf: ({ bytes }) => bytes,
  })) {
    let page: Page = { operations: [], bytes: 0 };
    for (const unit of some) {
      if (page.operations.length + unit.operations.length > limits.batchOperationsMax) {
        pages.push(page);
        page = { operations: [], bytes: 0 };
      }
      page.operations.push(...unit.operations);
      page.bytes += unit.bytes;
    }
    pages.push(page);
  }
  return pages;
}

function hashesOf(operation: BatchOperationInput): string[] {
  if (operation.op !== "put") return [];
  const inserted = (operation.splices ?? []).flatMap(({ insert }) => insert);
  return [...(operation.blocks ?? []), ...inserted].map(({ hash }) => hash);
}

function takeBlocks(left: Map<HashHex, OutgoingBlock>, hashes: readonly string[]): OutgoingBlock[] {
  const taken: OutgoingBlock[] = [];
  for (const hash of hashes as readonly HashHex[]) {
    const block = left.get(hash);
    if (block !== undefined) taken.push(block);
    left.delete(hash);
  }
  return taken;
}
