import { parseTime } from "@holdfast/core/times";
import type { NodeJson } from "@holdfast/protocol/values";

/** Immutable. Small, because up to 100,000 rows are in memory. */
export interface Row {
  readonly id: string;
  readonly kind: NodeJson["kind"];
  readonly name: string;
  readonly sizeBytes: number;
  /** Unix milliseconds, with microseconds as fraction. */
  readonly modifiedMs: number;
  readonly revision: string;
  /** Sequence number of the last change. Only a higher one replaces the row. */
  readonly seq: number;
  readonly role: NodeJson["role"];
  /** Id of the content that has a thumbnail. */
  readonly thumb: string | undefined;
  readonly isShared: boolean;
  readonly isStarred: boolean;
  /** The caller's permission is on this node itself. */
  readonly isGranted: boolean;
  /** Mount whose owner is suspended. */
  readonly waits: boolean;
  readonly target: string | undefined;
}

export type RowJson = Pick<NodeJson, "id" | "kind" | "name" | "size" | "modified_at" | "revision" | "seq" | "role"> &
  Partial<Pick<NodeJson, "shared" | "granted" | "waits" | "target" | "content_id">> & {
    readonly thumb?: true | undefined;
    readonly starred?: boolean | undefined;
  };

/** @param starred previous value, for answers without it */
export function rowOf(json: RowJson, starred = false): Row {
  return {
    id: json.id,
    kind: json.kind,
    name: json.name,
    sizeBytes: json.size,
    modifiedMs: parseTime(json.modified_at) / 1000,
    revision: json.revision,
    seq: json.seq,
    role: json.role,
    thumb: json.thumb === true ? (json.content_id ?? undefined) : undefined,
    isShared: json.shared === true,
    isStarred: json.starred ?? starred,
    isGranted: json.granted === true,
    waits: json.waits === true,
    target: json.target,
  };
}
