import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { contentOfBlocks, folderContent } from "../content.ts";
import { digestOf } from "../planner/digest.ts";
import type { RemoteOperation } from "../planner/plan-types.ts";
import type { BatchResult, CutBlock, OutgoingBlock } from "../ports.ts";
import { pathOf } from "../paths.ts";
import { sameFingerprint } from "../scan/scan.ts";
import type { Hands } from "../execute/hands.ts";
import type { LocalRow, Offer, OperationId, Place, Refusal, SyncedRow } from "../trees.ts";
import { toWire, type Outgoing } from "./wire-operation.ts";

/** Of one request; a group is never cut. */
const operationsMax = 500;
const refusedForMs = 30_000;

/** Sends what is planned. What came of it is read from the journal; only refusals are kept here. @returns whether anything was sent */
export async function send(hands: Hands, operations: readonly RemoteOperation[]): Promise<boolean> {
  const { server, state } = hands;
  const outgoing = await prepare(hands, firstOf(operations));
  if (outgoing.length === 0) return false;
  const blocks = await readMissing(hands, outgoing);
  if (blocks.length > 0) await server.putBlocks(blocks);
  if (!hands.faults.has("offers are forgotten"))
    state.commit({ offers: outgoing.map((each) => [each.operationId, offerOf(each)] as const) });
  const { results } = await server.commit(state.cursor?.epoch ?? "", outgoing.map(toWire), []);
  const done = outgoing.filter(({ operationId }) =>
    results.some((result) => result.operation_id === operationId && result.status === "committed"),
  );
  state.commit({
    synced: done.map(({ operation }) => [operation.id, agreed(state.synced.get(operation.id), operation)] as const),
    offers: results.map((result) => [result.operation_id, undefined] as const),
    refusals: results.flatMap((result) => refusalOf(hands, outgoing, result)),
  });
  return true;
}

function firstOf(operations: readonly RemoteOperation[]): readonly RemoteOperation[] {
  let end = Math.min(operations.length, operationsMax);
  const group = operations[end - 1]?.group;
  if (group !== undefined) end = operations.findLastIndex((operation) => operation.group === group) + 1;
  return operations.slice(0, end);
}

/** Reads what is to be sent. A file that is not what was planned with is left out, and what is in its group too. */
async function prepare(hands: Hands, operations: readonly RemoteOperation[]): Promise<Outgoing[]> {
  const outgoing: Outgoing[] = [];
  const broken = new Set<string>();
  for (const operation of operations) {
    const blocks = "local" in operation ? await readBlocks(hands, operation.id, operation.local) : [];
    if (blocks === undefined) {
      if (operation.group !== undefined) broken.add(operation.group);
      continue;
    }
    const operationId = Buffer.from(hands.random(16)).toString("hex") as OperationId;
    outgoing.push({
      operation,
      operationId,
      blocks,
      seen: hands.faults.has("deletions have seen everything") ? undefined : "seen",
    });
  }
  return outgoing.filter(({ operation }) => operation.group === undefined || !broken.has(operation.group));
}

/** @returns undefined if the file is not what was planned with */
async function readBlocks(
  hands: Hands,
  id: RemoteOperation["id"],
  local: LocalRow,
): Promise<readonly CutBlock[] | undefined> {
  const path = pathOf(hands.state, id);
  if (path === undefined) return undefined;
  try {
    const { blocks, before, after } = await hands.disk.cut(path);
    const isWhole =
      sameFingerprint(before.fingerprint, local.fingerprint) && sameFingerprint(after.fingerprint, local.fingerprint);
    return isWhole && contentOfBlocks(blocks) === local.content ? blocks : undefined;
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return undefined;
  }
}

/** A block that is not there any more is left out: the server then answers that it misses it. */
async function readMissing(hands: Hands, outgoing: readonly Outgoing[]): Promise<OutgoingBlock[]> {
  const hashes = new Set(outgoing.flatMap(({ blocks }) => blocks.map(({ hash }) => hash)));
  if (hashes.size === 0) return [];
  const missing = new Set(await hands.server.missingBlocks([...hashes]));
  const found: OutgoingBlock[] = [];
  for (const { operation, blocks } of outgoing) {
    const path = pathOf(hands.state, operation.id);
    let offset = 0;
    for (const { hash, size } of blocks) {
      if (path !== undefined && missing.delete(hash)) {
        const bytes = await hands.disk.readAt(path, offset, size);
        if (sha256(bytes) === hash) found.push({ hash, bytes });
      }
      offset += size;
    }
  }
  return found;
}

/** What the server took is agreed on, whatever the disk has become meanwhile. */
function agreed(before: SyncedRow | undefined, operation: RemoteOperation): SyncedRow | undefined {
  const blank = { kind: "file" as const, place: undefined, content: undefined, executable: false, versionIds: [] };
  const base = before ?? blank;
  const place = newPlace(operation) ?? base.place;
  switch (operation.op) {
    case "mkdir":
      return { ...base, kind: "folder", place, content: folderContent };
    case "symlink":
      return { ...base, kind: "symlink", place, content: operation.content };
    case "create":
    case "put":
      return { ...base, place, content: operation.local.content, executable: operation.local.executable };
    case "move":
      return { ...base, kind: operation.base.kind, place };
    case "set":
      return { ...base, executable: operation.executable };
    case "delete":
      return undefined;
    default:
      return operation satisfies never;
  }
}

function newPlace(operation: RemoteOperation): Place | undefined {
  if (operation.op === "put") return operation.revive;
  return "place" in operation ? operation.place : undefined;
}

function offerOf({ operation, operationId }: Outgoing): Offer {
  const content = "local" in operation ? operation.local.content : undefined;
  const baseRevision = "base" in operation ? operation.base.revision : undefined;
  const bit = operation.op === "set" ? operation.executable : undefined;
  const executable = "local" in operation ? operation.local.executable : bit;
  return { operationId, nodeId: operation.id, baseRevision, place: newPlace(operation), content, executable };
}

function refusalOf(hands: Hands, outgoing: readonly Outgoing[], result: BatchResult): Refusal[] {
  const sent = outgoing.find(({ operationId }) => operationId === result.operation_id)?.operation;
  if (sent === undefined || result.status === "committed" || result.status === "missing") return [];
  const notBeforeMs = hands.nowMs() + refusedForMs;
  return [{ nodeId: sent.id, digest: digestOf(sent), code: result.code ?? "failed", notBeforeMs }];
}
