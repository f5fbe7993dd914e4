/**
 * Rows name no owner. Sizes and times (microseconds since 1970) are int8, read as numbers; hashes are bytea, read as
 * Buffer.
 */
export interface CellTables {
  "cell.data_keys": { epoch: number; wrapped: Buffer; created_at: number };
  "cell.packs": {
    id: string;
    epoch: number;
    size: number;
    /** Stored bytes of records with a row. */
    live_bytes: number;
    /** Stored bytes of all records. */
    packed_bytes: number;
    state: "live" | "doomed" | "unreadable";
    created_at: number;
    scrubbed_at: number | null;
    /** For a doomed pack: time at which its last row was removed. */
    emptied_at: number | null;
  };
  "cell.blocks": {
    hash: Buffer;
    pack_id: string;
    record_index: number;
    offset: number;
    stored_size: number;
    size: number;
    codec: "raw" | "zstd";
    state: "live" | "doomed" | "damaged";
    unreferenced_since: number | null;
    /** null: whole, or detected by an earlier version */
    damaged_at: number | null;
    /** For a doomed copy. */
    doomed_at: number | null;
  };
  /** `pack_id`: the copy that the space stored last; null if an index rebuild found none. */
  "cell.holders": { hash: Buffer; space_id: string; stamp: number; pack_id: string | null };
  "cell.pins": { name: string; until: number };
  /** For two stores. `compared_at` is null until all keys were compared. */
  "cell.copies": { store: string; since: number; compared_at: number | null };
  /** Objects that one of two stores has to copy or delete. */
  "cell.owed": {
    store: string;
    key: string;
    deed: "copy" | "delete";
    size: number;
    since: number;
    due_at: number;
  };
  "cell.facts": { name: string; value: unknown };
}
