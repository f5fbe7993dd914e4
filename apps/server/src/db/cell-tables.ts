/**
 * The tables of the schema `cell`: blocks, packs and data keys, which belong to no owner.
 * Sizes and times (microseconds since 1970) are int8 and come as JavaScript numbers; hashes are bytea and come as Buffer.
 */
export interface CellTables {
  "cell.data_keys": { epoch: number; wrapped: Buffer; created_at: number };
  "cell.packs": {
    id: string;
    epoch: number;
    size: number;
    /** Stored bytes of the records that have a row. */
    live_bytes: number;
    /** Stored bytes of all records. */
    packed_bytes: number;
    state: "live" | "doomed" | "unreadable";
    created_at: number;
    scrubbed_at: number | null;
    /** Of a doomed one: when its last row went. */
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
    /** When it was found; null while it is whole, and where it was found by an earlier version. */
    damaged_at: number | null;
    /** Of a doomed one. */
    doomed_at: number | null;
  };
  /** `pack_id`: of the copy that the space has stored last; null where none was found when a lost index was rebuilt. */
  "cell.holders": { hash: Buffer; space_id: string; stamp: number; pack_id: string | null };
  "cell.pins": { name: string; until: number };
  /** Of a cell with two stores. `compared_at` is null until all keys of both were compared. */
  "cell.copies": { store: string; since: number; compared_at: number | null };
  /** What one of two stores lacks, or still has. */
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
