import { toHoldfastError } from "@holdfast/core/errors";
import type { ErrorCode } from "@holdfast/core/errors";
import { countBytes } from "./object-key.ts";
import type { ObjectEntry, ObjectStore } from "./object-store.ts";

export interface MeteredCall {
  readonly operation: keyof ObjectStore;
  readonly outcome: "ok" | ErrorCode;
  /** Sent or received; 0 for a failed call. */
  readonly sizeBytes: number;
  /** Excludes the time of a list's reader. */
  readonly durationMs: number;
}

export interface MeterOptions {
  /** Monotonic clock. */
  readonly nowMs: () => number;
  readonly onCall: (call: MeteredCall) => void;
}

export function withMeter(store: ObjectStore, { nowMs, onCall }: MeterOptions): ObjectStore {
  const measure = async <Result>(
    operation: keyof ObjectStore,
    sizeOf: (result: Result) => number,
    act: () => Promise<Result>,
  ): Promise<Result> => {
    const startedMs = nowMs();
    const report = (outcome: MeteredCall["outcome"], sizeBytes: number): void =>
      onCall({ operation, outcome, sizeBytes, durationMs: nowMs() - startedMs });
    let result: Result;
    try {
      result = await act();
    } catch (error) {
      report(toHoldfastError(error).code, 0);
      throw error;
    }
    report("ok", sizeOf(result));
    return result;
  };
  const nothing = (): number => 0;

  return {
    put: (key, bytes, call) =>
      measure(
        "put",
        () => countBytes(bytes),
        () => store.put(key, bytes, call),
      ),
    get: (key, call) =>
      measure(
        "get",
        (bytes) => bytes.length,
        () => store.get(key, call),
      ),
    stat: (key, call) => measure("stat", nothing, () => store.stat(key, call)),
    delete: (key, call) => measure("delete", nothing, () => store.delete(key, call)),
    list: (prefix, call) => measureList(store.list(prefix, call), { nowMs, onCall }),
  };
}

async function* measureList(
  entries: AsyncIterable<ObjectEntry>,
  { nowMs, onCall }: MeterOptions,
): AsyncIterable<ObjectEntry> {
  let durationMs = 0;
  let outcome: MeteredCall["outcome"] = "ok";
  let startedMs = nowMs();
  try {
    for await (const entry of entries) {
      durationMs += nowMs() - startedMs;
      yield entry;
      startedMs = nowMs();
    }
    durationMs += nowMs() - startedMs;
  } catch (error) {
    outcome = toHoldfastError(error).code;
    durationMs += nowMs() - startedMs;
    throw error;
  } finally {
    onCall({ operation: "list", outcome, sizeBytes: 0, durationMs });
  }
}
