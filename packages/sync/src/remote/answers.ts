import { folderContent } from "../model/content.ts";
import { digestOf } from "../plan/digest.ts";
import type { RemoteOperation } from "../plan/plan-types.ts";
import type { BatchResult } from "@holdfast/sync-ports/ports";
import { type Offer, type Place, type Refusal, refusedForMs, type SyncedRow } from "../model/trees.ts";
import type { Outgoing } from "./proposal.ts";
import { withVersion } from "../plan/settle.ts";

/** What the server took is agreed on, whatever the disk has become meanwhile. @param node as the server answered */
export function agreed(
  before: SyncedRow | undefined,
  operation: RemoteOperation,
  node?: BatchResult["node"],
): SyncedRow | undefined {
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
      return {
        ...base,
        place,
        content: operation.local.content,
        executable: bitOf(operation) ?? base.executable,
        versionIds: withVersion(base.versionIds, node?.content_id === operation.local.content ? node.version_id : null),
      };
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

export function offerOf({ operation, operationId }: Outgoing, sinceMs: number): Offer {
  const content = "local" in operation ? operation.local.content : undefined;
  const baseRevision = "base" in operation ? operation.base.revision : undefined;
  const executable = bitOf(operation);
  return { operationId, nodeId: operation.id, baseRevision, place: newPlace(operation), content, executable, sinceMs };
}

/** The executable bit that it gives; undefined: none. */
export function bitOf(operation: RemoteOperation): boolean | undefined {
  if (operation.op === "create") return operation.local.executable;
  return operation.op === "put" || operation.op === "set" ? operation.executable : undefined;
}

/** @param result that of this operation, which is not committed */
export function refusalOf({ operation }: Outgoing, result: BatchResult, nowMs: number): Refusal {
  const code = result.code ?? (result.status === "missing" ? "missing_blocks" : "failed");
  return { nodeId: operation.id, digest: digestOf(operation), code, notBeforeMs: nowMs + refusedForMs };
}
