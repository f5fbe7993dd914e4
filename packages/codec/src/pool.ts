import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { HoldfastError } from "@holdfast/core/errors";
import { Piscina } from "piscina";
import type { Outcome } from "./task.ts";
import type * as worker from "./worker.ts";

/** The tasks of this package; a worker module of another package re-exports them and adds its own. */
export type CodecTasks = typeof worker;

type Named<Tasks> = keyof Tasks & string;
type InputOf<Value> = Value extends (input: infer Input) => unknown ? Input : never;
type OutputOf<Value> = Value extends (input: never) => Outcome<infer Output> ? Output : never;

export interface CodecPool<Tasks = CodecTasks> {
  readonly threads: number;
  /**
   * @param move buffers of the input that go over instead of being copied; the caller's views of them become empty.
   *   A view that is not moved is copied with the whole buffer under it, so pass views that own theirs (`ownBytes`).
   * @throws HoldfastError as the task throws it; unavailable when the queue is full or the pool is closed
   */
  run<Name extends Named<Tasks>>(
    name: Name,
    input: InputOf<Tasks[Name]>,
    move?: readonly ArrayBuffer[],
  ): Promise<OutputOf<Tasks[Name]>>;
  /** Lets running tasks end, refuses those that still wait, and stops the threads. */
  close(): Promise<void>;
}

export interface CodecPoolOptions {
  /** A module whose exports are tasks; worker.ts of this package unless told. */
  readonly workerUrl?: URL;
  /** As many as the machine has cores unless told. */
  readonly threads?: number;
  /**
   * Tasks that may wait for a thread, 1,024 unless told. The pool bounds their number, not their bytes: a caller waits
   * for its own tasks before it reads more (as `cutStream` does), and so bounds what it holds.
   */
  readonly queueMax?: number;
}

/** Threads for what would stall an event loop: cutting, hashing, compressing, checking. They start with the first tasks. */
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

/** A thread was measured to hold 29 MB (PSS) at rest; a server that has nothing to do gives them back. */
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

/** Piscina's type takes the other overload of postMessage; it hands the list on as it is. */
function transferListOf(move: readonly ArrayBuffer[]): object {
  return [...move];
}

/** Piscina has no codes for its own errors: one has this sentence, the others are told by their names. */
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
