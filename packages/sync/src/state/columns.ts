import type { SQLInputValue } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import type { ContentKey, LocalRow, NodeKind, OperationId, Place, RemoteRow, SyncedRow } from "../trees.ts";
import { pack, type Packed, packList, packNumber, unpack, unpackList } from "./packed.ts";

/** One value for each column, as the database gives it back: whole numbers as bigint. */
export type Stored = Readonly<Record<string, unknown>>;

/** How the rows of one tree stand in a table. The key is a column of its own before them. */
export interface Columns<Row> {
  /** Name and type; `parent`, the folder it stands in, is one of them. Of the type `any`: what `pack` makes, or a number. */
  readonly definitions: readonly string[];
  encode(row: Row): SQLInputValue[];
  /** What is in `parent` and `name`. */
  placeOf(row: Row): Place | undefined;
  /** Of what `encode` made: the database is the device's own. */
  decode(stored: Stored): Row;
}

export const remoteColumns: Columns<RemoteRow> = {
  definitions: [
    "kind text not null",
    "parent any not null",
    "name text not null",
    "content any not null",
    "executable integer not null",
    "trashed integer not null",
    "version_id any",
    "revision any not null",
    "seq integer not null",
    "size_bytes integer not null",
    "modified_at text not null",
    "operation_id any",
  ],
  placeOf: (row) => row,
  encode: (row) => [
    row.kind,
    pack(row.parent),
    row.name,
    pack(row.content),
    Number(row.executable),
    Number(row.trashed),
    row.versionId === null ? null : pack(row.versionId),
    pack(row.revision),
    row.seq,
    row.sizeBytes,
    row.modifiedAt,
    row.operationId === null ? null : pack(row.operationId),
  ],
  decode: (stored) => ({
    kind: stored["kind"] as NodeKind,
    ...decodePlace(stored),
    content: unpack(stored["content"] as Packed) as ContentKey,
    executable: stored["executable"] === 1n,
    trashed: stored["trashed"] === 1n,
    versionId: unpackOr(stored["version_id"], null),
    revision: unpack(stored["revision"] as Packed),
    seq: Number(stored["seq"]),
    sizeBytes: Number(stored["size_bytes"]),
    modifiedAt: String(stored["modified_at"]),
    operationId: unpackOr(stored["operation_id"], null) as OperationId | null,
  }),
};

export const localColumns: Columns<LocalRow> = {
  definitions: [
    "kind text not null",
    "parent any not null",
    "name text not null",
    "content any not null",
    "executable integer not null",
    "sight text not null",
    "inode any not null",
    "size_bytes integer not null",
    "mtime_ns any not null",
    "ctime_ns any not null",
    "birth_ns any not null",
    "alias text",
  ],
  placeOf: (row) => row,
  encode: ({ fingerprint, ...row }) => [
    row.kind,
    pack(row.parent),
    row.name,
    pack(row.content),
    Number(row.executable),
    row.sight,
    packNumber(fingerprint.inode),
    fingerprint.sizeBytes,
    packNumber(fingerprint.mtimeNs),
    packNumber(fingerprint.ctimeNs),
    packNumber(fingerprint.birthNs),
    row.alias ?? null,
  ],
  decode: (stored) => ({
    kind: stored["kind"] as NodeKind,
    ...decodePlace(stored),
    content: unpack(stored["content"] as Packed) as ContentKey,
    executable: stored["executable"] === 1n,
    fingerprint: {
      inode: BigInt(stored["inode"] as bigint | string),
      sizeBytes: Number(stored["size_bytes"]),
      mtimeNs: BigInt(stored["mtime_ns"] as bigint | string),
      ctimeNs: BigInt(stored["ctime_ns"] as bigint | string),
      birthNs: BigInt(stored["birth_ns"] as bigint | string),
    },
    sight: stored["sight"] as LocalRow["sight"],
    ...(typeof stored["alias"] === "string" && { alias: stored["alias"] }),
  }),
};

export const syncedColumns: Columns<SyncedRow> = {
  definitions: [
    "kind text not null",
    "parent any",
    "name text",
    "content any",
    "executable integer not null",
    "version_ids any not null",
  ],
  placeOf: (row) => row.place,
  encode: (row) => [
    row.kind,
    row.place === undefined ? null : pack(row.place.parent),
    row.place?.name ?? null,
    row.content === undefined ? null : pack(row.content),
    Number(row.executable),
    packList(row.versionIds),
  ],
  decode: (stored) => ({
    kind: stored["kind"] as NodeKind,
    place: stored["parent"] === null ? undefined : decodePlace(stored),
    content: unpackOr(stored["content"], undefined) as ContentKey | undefined,
    executable: stored["executable"] === 1n,
    versionIds: unpackList(stored["version_ids"] as Packed),
  }),
};

function decodePlace(stored: Stored): Place {
  return { parent: unpack(stored["parent"] as Packed) as NodeId, name: String(stored["name"]) };
}

function unpackOr<None>(value: unknown, none: None): string | None {
  return value === null ? none : unpack(value as Packed);
}
