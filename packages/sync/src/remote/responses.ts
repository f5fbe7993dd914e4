import { folderContent } from "../model/content.ts";
import { digestOf } from "../plan/digest.ts";
import type { RemoteOperation } from "../plan/plan-types.ts";
import type { BatchResult } from "@holdfast/sync-ports/ports";
import {
  type Offer,
  offeredForMs,
  type Place,
  type Refusal,
  refusedForMs,
  samePlace,
  type SyncedRow,
} from "../model/trees.ts";
import type { Outgoing } from "./proposal.ts";
import { withVersion } from "../plan/settle.ts";

/** Agrees on an accepted operation, whatever the disk has become meanwhile. */
export function baseAfterCommit(
  before: SyncedRow | undefined,
  operation: RemoteOperation,
  node?: BatchResult["node"],
): SyncedRow | undefined {
  const blank = { kind: "file" as const, place: undefined, content: undefined, executable: false, versionIds: [] };
  const base = before ?? blank;
  const place = newPlace(operation) ?? base.place;
  switch (operation.op) {
    case "mkdir":
      return { ...withPrivacy(base, operation, node), kind: "folder", place, content: folderContent };
    case "symlink":
      return { ...base, kind: "symlink", place, content: operation.content };
    case "create":
    case "put":
      return {
        ...withPrivacy(base, operation, node),
        place,
        content: operation.local.content,
        executable: bitOf(operation) ?? base.executable,
        versionIds: withVersion(base.versionIds, node?.content_id === operation.local.content ? node.version_id : null),
      };
    case "move":
      return { ...base, kind: operation.base.kind, place, content: base.content ?? operation.held };
    case "set":
      return { ...withPrivacy(base, operation, node), executable: operation.executable ?? base.executable };
    case "delete":
      return undefined;
    default:
      return operation satisfies never;
  }
}

/** An older server accepts privacy without storing it. */
function withPrivacy(base: SyncedRow, operation: RemoteOperation, node: BatchResult["node"]): SyncedRow {
  const sent = privacyOf(operation);
  const { isPrivate: _before, ...rest } = base;
  const isAccepted = sent !== undefined && (node === undefined || node.private === sent);
  return isAccepted ? { ...rest, ...(sent && { isPrivate: true }) } : base;
}

/** undefined: the operation sets none */
export function privacyOf(operation: RemoteOperation): boolean | undefined {
  if (operation.op === "create") return operation.local.isPrivate;
  return "isPrivate" in operation ? operation.isPrivate : undefined;
}

function newPlace(operation: RemoteOperation): Place | undefined {
  if (operation.op === "put") return operation.revive;
  return "place" in operation ? operation.place : undefined;
}

export function offerOf({ operation, operationId }: Outgoing, sinceMs: number): Offer {
  const content = "local" in operation ? operation.local.content : undefined;
  const baseRevision = "base" in operation ? operation.base.revision : undefined;
  const [executable, isPrivate] = [bitOf(operation), privacyOf(operation)];
  const held = operation.op === "move" && operation.held !== undefined ? { held: operation.held } : {};
  const sent = {
    place: newPlace(operation),
    content,
    executable,
    ...held,
    ...(isPrivate !== undefined && { isPrivate }),
  };
  return { operationId, nodeId: operation.id, baseRevision, ...sent, sinceMs };
}

/**
 * Servers do not remember refusals, and the transport or a proxy may repeat a request late. Offers that create a node
 * or change its bytes are therefore kept: they identify the device's own result.
 */
export function offersAfter(
  known: readonly Offer[],
  sent: readonly Outgoing[],
  results: ReadonlyMap<string, BatchResult>,
  nowMs: number,
): (readonly [string, Offer | undefined])[] {
  const refused = Map.groupBy(known, ({ nodeId, isRefused }) => (isRefused === true ? nodeId : undefined));
  return sent.flatMap((each) => {
    const { operationId, operation } = each;
    const result = results.get(operationId);
    const isDone = result?.status === "committed";
    const offer = offerOf(each, nowMs);
    const isMarked = offer.baseRevision === undefined || offer.content !== undefined;
    const over = (refused.get(operation.id) ?? []).filter((other) => isDone || isSameOffer(offer, other));
    const ended = over.map((other) => [other.operationId, undefined] as const);
    // A request refused as a whole may have been partly executed, so its offers stay.
    if (result === undefined && !isMarked) return ended;
    const earlierIds = over
      .flatMap((other) => [other.operationId].concat(other.earlierIds ?? []))
      .slice(0, attemptsKept);
    const kept = { ...offer, isRefused: true, ...(earlierIds.length > 0 && { earlierIds }) } as const;
    return [...ended, [operationId, isDone || !isMarked ? undefined : kept] as const];
  });
}

/** Attempts of ten minutes, half a minute apart. */
const attemptsKept = offeredForMs / refusedForMs;

function isSameOffer(one: Offer, other: Offer): boolean {
  const isOnSame = one.baseRevision === other.baseRevision && samePlace(one.place, other.place);
  const isModeSame = one.executable === other.executable && one.isPrivate === other.isPrivate;
  return isOnSame && isModeSame && one.content === other.content;
}

/** undefined: the operation sets none */
export function bitOf(operation: RemoteOperation): boolean | undefined {
  if (operation.op === "create") return operation.local.executable;
  return operation.op === "put" || operation.op === "set" ? operation.executable : undefined;
}

export function refusalOf({ operation }: Outgoing, result: BatchResult, nowMs: number): Refusal {
  const code = result.code ?? (result.status === "missing" ? "missing_blocks" : "failed");
  return { nodeId: operation.id, digest: digestOf(operation), code, notBeforeMs: nowMs + refusedForMs };
}
