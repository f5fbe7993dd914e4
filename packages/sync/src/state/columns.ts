import type { SQLInputValue } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import type { ContentKey, LocalRow, OperationId, Place, RemoteRow, SyncedRow } from "../model/trees.ts";
import type { NodeKind } from "@holdfast/sync-ports/ports";
import { pack, type Packed, packList, packNumber, unpack, unpackList } from "./packed.ts";

/** The key, then one value per column. Integers are bigint. */
export type Stored = readonly unknown[];

/** Mapping of a tree's rows to a table. The key is a separate first column. */
export interface Columns<Row> {
  /** Includes `parent`. Type `any`: result of `pack`, or a number. */
  readonly definitions: readonly string[];
  encode(row: Row): SQLInputValue[];
  placeOf(row: Row): Place | undefined;
  /** Trusted, because the database belongs to the device. */
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
    "private integer",
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
    row.isPrivate === undefined ? null : Number(row.isPrivate),
  ],
  decode: (stored) => ({
    kind: stored[1] as NodeKind,
    ...decodePlace(stored),
    content: unpack(stored[4] as Packed) as ContentKey,
    executable: stored[5] === 1n,
    trashed: stored[6] === 1n,
    versionId: unpackOr(stored[7], null),
    revision: unpack(stored[8] as Packed),
    seq: Number(stored[9]),
    sizeBytes: Number(stored[10]),
    modifiedAt: String(stored[11]),
    operationId: unpackOr(stored[12], null) as OperationId | null,
    // Row of an earlier version; unknown until everything is listed again.
    ...(stored[13] !== null && { isPrivate: stored[13] === 1n }),
  }),
};

/** The disk does not show privacy. */
const unreported = 2;

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
    "private integer",
  ],
  placeOf: (row) => row,
  encode: ({ fingerprint, ...row }) => [
    row.kind,
    pack(row.parent),
    row.name,
    pack(row.content),
    Number(row.executable),
    row.readState,
    packNumber(fingerprint.inode),
    fingerprint.sizeBytes,
    packNumber(fingerprint.mtimeNs),
    packNumber(fingerprint.ctimeNs),
    packNumber(fingerprint.birthNs),
    row.alias ?? null,
    row.isPrivate === undefined ? unreported : Number(row.isPrivate),
  ],
  decode: (stored) => ({
    kind: stored[1] as NodeKind,
    ...decodePlace(stored),
    content: unpack(stored[4] as Packed) as ContentKey,
    executable: stored[5] === 1n,
    fingerprint: {
      inode: BigInt(stored[7] as bigint | string),
      sizeBytes: Number(stored[8]),
      mtimeNs: BigInt(stored[9] as bigint | string),
      ctimeNs: BigInt(stored[10] as bigint | string),
      birthNs: BigInt(stored[11] as bigint | string),
    },
    readState: stored[6] as LocalRow["readState"],
    ...(typeof stored[12] === "string" && { alias: stored[12] }),
    // An earlier version's row counts as public; the first full scan corrects it.
    ...(stored[13] !== BigInt(unreported) && { isPrivate: stored[13] === 1n }),
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
    "private integer",
  ],
  placeOf: (row) => row.place,
  encode: (row) => [
    row.kind,
    row.place === undefined ? null : pack(row.place.parent),
    row.place?.name ?? null,
    row.content === undefined ? null : pack(row.content),
    Number(row.executable),
    packList(row.versionIds),
    row.isPrivate === true ? 1 : null,
  ],
  decode: (stored) => ({
    kind: stored[1] as NodeKind,
    place: stored[2] === null ? undefined : decodePlace(stored),
    content: unpackOr(stored[4], undefined) as ContentKey | undefined,
    executable: stored[5] === 1n,
    versionIds: unpackList(stored[6] as Packed),
    ...(stored[7] === 1n && { isPrivate: true }),
  }),
};

/** In each table, `parent` and `name` follow the key and the kind. */
function decodePlace(stored: Stored): Place {
  return { parent: unpack(stored[2] as Packed) as NodeId, name: String(stored[3]) };
}

function unpackOr<None>(value: unknown, none: None): string | None {
  return value === null ? none : unpack(value as Packed);
}
