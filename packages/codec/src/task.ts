import { HoldfastError } from "@holdfast/core/errors";
import type { ErrorCode } from "@holdfast/core/errors";
import { Piscina, transferableSymbol, valueSymbol } from "piscina";

/** Result from a thread. Errors are transferred as data, because a cloned Error loses its class and code. */
export type Outcome<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly field: string | undefined };

/** Exported function of a worker module: one argument and one outcome, both by structured clone. */
export type Task<Input, Output> = (input: Input) => Outcome<Output>;

/**
 * Wraps a function as a task, also for worker modules of other packages.
 * @param moves returns buffers of the output that are transferred instead of copied
 */
export function task<Input, Output>(
  run: (input: Input) => Output,
  moves: (output: Output) => readonly ArrayBuffer[] = () => [],
): Task<Input, Output> {
  return (input) => {
    let value: Output;
    try {
      value = run(input);
    } catch (thrown) {
      return failed(thrown);
    }
    return moved({ ok: true, value }, moves(value));
  };
}

/** Returns the distinct buffers of views, each of which must use an ArrayBuffer of its own or of the task. */
export function buffersOf(views: Iterable<Uint8Array>): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { buffer } of views) if (buffer instanceof ArrayBuffer && buffer.byteLength > 0) buffers.add(buffer);
  return [...buffers];
}

/** Returns `bytes` on their own ArrayBuffer, copied only if needed. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) return new Uint8Array(buffer);
  return Uint8Array.from(bytes);
}

/** Any other error is a bug and is reported by the pool. */
function failed(thrown: unknown): Outcome<never> {
  if (!(thrown instanceof HoldfastError)) throw thrown;
  return { ok: false, code: thrown.code, message: thrown.message, field: thrown.field };
}

/** Piscina unwraps the result, so the caller sees the type of the value. */
function moved<Value extends object>(value: Value, buffers: readonly ArrayBuffer[]): Value {
  const wrapped = { [transferableSymbol]: buffers, [valueSymbol]: value };
  return Piscina.move(wrapped) as unknown as Value;
}
