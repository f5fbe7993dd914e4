import { HoldfastError } from "@holdfast/core/errors";
import type { ErrorCode } from "@holdfast/core/errors";
import { Piscina, transferableSymbol, valueSymbol } from "piscina";

/** What comes back from a thread: an error crosses as data, since a cloned Error loses its class and its code. */
export type Outcome<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly field: string | undefined };

/** A function that a worker module exports: one argument in, an outcome back, both by structured clone. */
export type Task<Input, Output> = (input: Input) => Outcome<Output>;

/**
 * Makes a task of a function. Other packages with a worker module of their own wrap theirs with it too.
 * @param moves the buffers of the output that go over instead of being copied
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

/** The distinct buffers under these views. Every view must stand on an ArrayBuffer of its own or of the task's. */
export function buffersOf(views: Iterable<Uint8Array>): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { buffer } of views) if (buffer instanceof ArrayBuffer && buffer.byteLength > 0) buffers.add(buffer);
  return [...buffers];
}

/** `bytes` on an ArrayBuffer that holds nothing else, copied only if they do not stand on one already. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) return new Uint8Array(buffer);
  return Uint8Array.from(bytes);
}

/** Anything but a HoldfastError is a fault of ours: it goes on as it is, and the pool reports it. */
function failed(thrown: unknown): Outcome<never> {
  if (!(thrown instanceof HoldfastError)) throw thrown;
  return { ok: false, code: thrown.code, message: thrown.message, field: thrown.field };
}

/** Piscina takes the result out of its wrapper again, so for the caller the type is that of the value. */
function moved<Value extends object>(value: Value, buffers: readonly ArrayBuffer[]): Value {
  const wrapped = { [transferableSymbol]: buffers, [valueSymbol]: value };
  return Piscina.move(wrapped) as unknown as Value;
}
