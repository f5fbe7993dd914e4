import type { DatabaseSync } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import { type Packed, unpack } from "./packed.ts";

const isPrivacyUnreported = "private is null and kind <> 'symlink' and trashed = 0";

/** Nodes whose privacy the server or an earlier version did not store. */
export function unreportedPrivacy(database: DatabaseSync): Iterable<NodeId> {
  database.exec(`create index if not exists remote_rows_untold on remote_rows (key) where ${isPrivacyUnreported}`);
  const statement = database.prepare(`select key from remote_rows where ${isPrivacyUnreported}`);
  return {
    *[Symbol.iterator]() {
      for (const { key } of statement.iterate()) yield unpack(key as Packed) as NodeId;
    },
  };
}
