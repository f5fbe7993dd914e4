import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { HoldfastError } from "@holdfast/core/errors";
import { Piscina } from "piscina";
import type { Outcome } from "./task.ts";
import type * as worker from "./worker.ts";

/** Tasks of this package. Another package's worker module re-exports them and adds its own. */
export type CodecTasks = typeof worker;

type Named<Tasks> = keyof Tasks & string;
type InputOf<Value> = Value extends (input: infer Input) => unknown ? Input : never;
type OutputOf<Value> = Value extends (input: never) => Outcome<infer Output> ? Output : never;

export interface CodecPool<Tasks = CodecTasks> {
  readonly threads: number;
  /**
   * @param move buffers of the input that are transferred instead of copied; the caller's views become empty. Other
   * views are copied with their whole buffer, so pass views that own theirs (`ownBytes`).
   * @throws HoldfastError of the task; unavailable if the queue is full or the pool is closed
   */
  run<Name extends Named<Tasks>>(
    name: Name,
    input: InputOf<Tasks[Name]>,
    move?: readonly ArrayBuffer[],
  ): Promise<OutputOf<Tasks[Name]>>;
  /** Waits for running tasks, rejects queued ones and stops the threads. */
  close(): Promise<void>;
}

export interface CodecPoolOptions {
  /** Module whose exports are tasks; default: this package's worker.ts. */
  readonly workerUrl?: URL;
  /** Default: number of cores. */
  readonly threads?: number;
  /**
   * Maximum queued tasks, default 1,024. The pool limits their number, not their bytes: callers wait for their own
   * tasks before reading more (like `cutStream`), which limits memory.
   */
  readonly queueMax?: number;
}

/**
 * Threads for work that would block an event loop: splitting, hashing, compressing, verifying. They start with the
 * first tasks.
 */
export function startCodecPool<Tasks = CodecTasks>(options: CodecPoolOptions = {}): CodecPool<Tasks> {
  const threads = options.threads ?? availableParallelism();
  const piscina = new Piscina({
    filename: fileURLToPath(options.workerUrl ?? new URL("worker.ts", import.meta.url)),
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: idleTimeoutMs,
    maxQueue: options.queueMax ?? 1024,
  });
  let closing: Promise<void> | undefined;
  return {
    threads,
    run: async (name, input, move = []) => {
      if (closing !== undefined) throw stopping();
      return runTask(piscina, name, input, move);
    },
    close: () => (closing ??= piscina.close({ force: true })),
  };
}

/** An idle thread holds 29 MB (PSS, measured), which an idle server frees. */
const idleTimeoutMs = 30_000;

async function runTask<Output>(
  piscina: Piscina,
  name: string,
  input: unknown,
  move: readonly ArrayBuffer[],
): Promise<Output> {
  let outcome: Outcome<Output>;
  try {
    outcome = (await piscina.run(input, { name, transferList: transferListOf(move) })) as Outcome<Output>;
  } catch (thrown) {
    throw poolError(name, thrown);
  }
  if (outcome.ok) return outcome.value;
  const details = outcome.field === undefined ? {} : { field: outcome.field };
  throw new HoldfastError(outcome.code, outcome.message, details);
}

/** Piscina's type expects the other overload of postMessage. It passes the list on unchanged. */
function transferListOf(move: readonly ArrayBuffer[]): object {
  return [...move];
}

/** Piscina's errors have no codes: one is identified by this message, the others by their names. */
function poolError(name: string, thrown: unknown): HoldfastError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (message === "Task queue is at limit") {
    return new HoldfastError("unavailable", "Too much is waiting to be processed; try again.", { cause: thrown });
  }
  if (thrown instanceof Error && (thrown.name === "AbortError" || message === "Terminating worker thread")) {
    return stopping(thrown);
  }
  return new HoldfastError("internal", `${name} failed in its thread: ${message}`, { cause: thrown });
}

function stopping(cause?: Error): HoldfastError {
  return new HoldfastError("unavailable", "The process is stopping and accepts no more work; try again.", { cause });
}
