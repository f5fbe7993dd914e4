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
    live_bytes: number;
    state: "live" | "doomed" | "unreadable";
    created_at: number;
    scrubbed_at: number | null;
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
  };
  /** `pack_id`: of the copy that the space has stored last; null where none was found when a lost index was rebuilt. */
  "cell.holders": { hash: Buffer; space_id: string; stamp: number; pack_id: string | null };
  "cell.facts": { name: string; value: unknown };
}
