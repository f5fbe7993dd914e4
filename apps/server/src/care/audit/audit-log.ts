import type { Clock } from "@holdfast/core/clock";
import { limits } from "@holdfast/core/limits";
import type { ChangingShards, Shard } from "../../base/db/shards.ts";
import { type AuditEntry, microsOf, type Recorded } from "./audit-entry.ts";
import { ChainWriter, type ChainWriterOptions } from "./chain-writer.ts";
import { Repeats } from "./repeats.ts";

export interface AuditLog {
  /** Writes within about a second. */
  record(recorded: Recorded): void;
  /** Counts repetitions within a minute in one entry. */
  recordRepeated(recorded: Recorded): void;
  /** Resolves when the entry is durable. @throws HoldfastError unavailable or store_full; the write is still retried */
  recordDurably(recorded: Recorded): Promise<void>;
  /**
   * Throws while too many entries wait; nothing that must be audited may be done then.
   * @throws HoldfastError unavailable or store_full
   */
  assertRoom(): void;
  /** Writes all waiting entries, then this one. */
  close(last: Recorded): Promise<void>;
}

export interface AuditLogOptions extends Omit<ChainWriterOptions, "shard"> {
  readonly shards: ChangingShards;
  readonly clock: Clock;
}

export function openAuditLog({ shards, clock, ...options }: AuditLogOptions): AuditLog {
  const writers = new Map<Shard, ChainWriter>();
  const writerFor = (shard: Shard): ChainWriter => {
    const writer = writers.get(shard) ?? new ChainWriter({ ...options, shard });
    writers.set(shard, writer);
    return writer;
  };
  for (const shard of shards.all()) writerFor(shard);
  const writerOf = ({ bucket }: Recorded): ChainWriter => writerFor(shards.lastOf(bucket));
  const record = (recorded: Recorded) => writerOf(recorded).add(keptOf(recorded.entry));
  const repeats = new Repeats(record);
  const timer = setInterval(() => repeats.end(clock.nowMs()), limits.auditRepeatMs / 4);
  timer.unref();
  return {
    record,
    recordRepeated: (recorded) => repeats.add(recorded, clock.nowMs()),
    recordDurably: (recorded) => writerOf(recorded).addDurably(keptOf(recorded.entry)),
    assertRoom() {
      for (const writer of writers.values())
        if (writer.waitingBytes >= limits.auditWaitingBytesMax) throw writer.refusal();
    },
    async close(last) {
      clearInterval(timer);
      repeats.end(Number.POSITIVE_INFINITY);
      record(last);
      for (const writer of writers.values()) await writer.drain();
    },
  };
}

function keptOf(entry: AuditEntry) {
  return { atMicros: microsOf(entry), text: JSON.stringify(entry) };
}
