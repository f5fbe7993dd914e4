import { hash } from "node:crypto";
import { limits } from "@holdfast/core/limits";
import type { AuditEntry, Recorded } from "./audit-entry.ts";

interface Repeat extends Pick<Recorded, "bucket"> {
  readonly untilMs: number;
  /** Repetitions since the recorded entry. */
  count: number;
  last: AuditEntry;
}

/**
 * Records repeated actions, such as reading a video in parts. The first is recorded immediately. Repetitions within a
 * minute become one entry with a count at the end of the minute.
 */
export class Repeats {
  readonly #repeats = new Map<string, Repeat>();
  readonly #record: (recorded: Recorded) => void;

  constructor(record: (recorded: Recorded) => void) {
    this.#record = record;
  }

  add({ bucket, entry }: Recorded, nowMs: number): void {
    this.end(nowMs);
    const key = keyOf(entry);
    const known = this.#repeats.get(key);
    if (known !== undefined) {
      known.count += entry.count ?? 1;
      known.last = entry;
      return;
    }
    if (this.#repeats.size >= limits.auditRepeatsMax) this.#endOldest();
    this.#repeats.set(key, { bucket, untilMs: nowMs + limits.auditRepeatMs, count: 0, last: entry });
    this.#record({ bucket, entry });
  }

  end(nowMs: number): void {
    // All last equally long, and are ordered by their start.
    for (const { untilMs } of this.#repeats.values()) {
      if (untilMs > nowMs) return;
      this.#endOldest();
    }
  }

  #endOldest(): void {
    const [oldest] = this.#repeats;
    if (oldest === undefined) return;
    const [key, { bucket, last, count }] = oldest;
    this.#repeats.delete(key);
    if (count > 0) this.#record({ bucket, entry: { ...last, count } });
  }
}

/** A hash, because an entry may have a thousand nodes. */
function keyOf({ action, result, user_id, credential_id, device_id, address, node_ids, target }: AuditEntry): string {
  const nodes = node_ids?.join();
  const facts = JSON.stringify([action, result, user_id, credential_id, device_id, address, nodes, target]);
  return hash("sha256", facts, "base64");
}
