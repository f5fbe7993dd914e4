import { parseTime } from "@holdfast/core/times";
import type { NodeJson } from "@holdfast/protocol/values";

/** What a list needs of a node. 100,000 of them are kept, so no more than that; one is replaced and never changed. */
export interface Row {
  readonly id: string;
  readonly kind: NodeJson["kind"];
  readonly name: string;
  readonly sizeBytes: number;
  /** Unix milliseconds with their microseconds behind the point. */
  readonly modifiedMs: number;
  readonly revision: string;
  /** Of the journal entry that changed it last: only a higher one replaces it. */
  readonly seq: number;
  readonly role: NodeJson["role"];
  /** The content of which a thumbnail can be had. */
  readonly thumb: string | undefined;
  readonly isShared: boolean;
  readonly isStarred: boolean;
  /** It is given to the caller at this very node. */
  readonly isGranted: boolean;
  /** A mount whose owner is suspended. */
  readonly waits: boolean;
  readonly target: string | undefined;
}

/** The members of a node that a row is made of, as the server writes them. */
export type RowJson = Pick<NodeJson, "id" | "kind" | "name" | "size" | "modified_at" | "revision" | "seq" | "role"> &
  Partial<Pick<NodeJson, "shared" | "granted" | "waits" | "target" | "content_id">> & {
    readonly thumb?: true | undefined;
    readonly starred?: boolean | undefined;
  };

/** @param starred where the server does not say it: what was known before */
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
