import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import { batchContentType, encodeBatchBody } from "@holdfast/protocol/frames";
import type { BatchResult, OutgoingBlock, Server } from "@holdfast/sync/ports";
import { patchedOrWhole, type SendingParts } from "./send-blocks.ts";
import { windowsOf } from "./windows.ts";

/** JSON of one request, as long as there is a choice. */
const jsonBytesWished = 4 * 1024 * 1024;

/** See `Server.commit`. What does not fit into one request goes in several, in order; a group is never cut. */
export async function commit(
  parts: SendingParts,
  epoch: string,
  operations: readonly BatchOperationInput[],
  blocks: readonly OutgoingBlock[],
): ReturnType<Server["commit"]> {
  const left = new Map(blocks.map((block) => [block.hash, block]));
  const results: BatchResult[] = [];
  let seq = 0;
  for (const page of pagesOf(operations)) {
    const taken = takeBlocks(left, page.flatMap(hashesOf));
    const answer = await sendPage(parts, { ...(epoch === "" ? {} : { epoch }), operations: page }, taken);
    results.push(...answer.results);
    seq = answer.seq;
  }
  return { results, seq };
}

function sendPage(
  { client, pool, signal }: SendingParts,
  json: { readonly epoch?: string; readonly operations: BatchOperationInput[] },
  blocks: readonly OutgoingBlock[],
) {
  if (blocks.length === 0) return client.call("syncDelta", { body: json, signal });
  return patchedOrWhole(pool, blocks, (frames) => {
    const pieces = [...encodeBatchBody(json, []), ...frames];
    return client.call("syncDelta", { bytes: { contentType: batchContentType, pieces }, signal });
  });
}

function pagesOf(operations: readonly BatchOperationInput[]): BatchOperationInput[][] {
  const units: { operations: BatchOperationInput[]; bytes: number }[] = [];
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
  const pages: BatchOperationInput[][] = [];
  for (const some of windowsOf(units, {
    bytesMax: jsonBytesWished,
    countMax: limits.batchOperationsMax,
    bytesOf: ({ bytes }) => bytes,
  })) {
    let page: BatchOperationInput[] = [];
    for (const unit of some) {
      if (page.length + unit.operations.length > limits.batchOperationsMax) {
        pages.push(page);
        page = [];
      }
      page.push(...unit.operations);
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

/** Those that these operations need and that did not go with earlier ones. */
function takeBlocks(left: Map<HashHex, OutgoingBlock>, hashes: readonly string[]): OutgoingBlock[] {
  const taken: OutgoingBlock[] = [];
  for (const hash of hashes as readonly HashHex[]) {
    const block = left.get(hash);
    if (block !== undefined) taken.push(block);
    left.delete(hash);
  }
  return taken;
}
