import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { ErrorCode } from "@holdfast/core/errors";

export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(kind: "message", listen: (event: MessageEvent) => void): void;
}

type Handlers = Readonly<Record<string, (...values: never[]) => unknown>>;
/** The other side's handlers, which answer asynchronously. */
export type Calls<Of extends Handlers> = {
  readonly [Name in keyof Of]: (...values: Parameters<Of[Name]>) => Promise<Awaited<ReturnType<Of[Name]>>>;
};

type Message =
  | { readonly kind: "call"; readonly id: number; readonly name: string; readonly values: never[] }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly code: ErrorCode; readonly message: string };

/** Transferred instead of copied. */
export class Handed {
  readonly value: unknown;
  readonly transfer: Transferable[];

  constructor(value: unknown, transfer: Transferable[]) {
    this.value = value;
    this.transfer = transfer;
  }
}

/**
 * @param failure ends waiting and later calls with its reason
 * @returns calls the other side
 */
export function connect<Theirs extends Handlers>(port: Port, handlers: Handlers, failure?: AbortSignal): Calls<Theirs> {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (reason: Error) => void }>();
  failure?.addEventListener("abort", () => {
    for (const { reject } of waiting.values()) reject(failure.reason as Error);
  });
  let lastId = 0;
  const answer = async (id: number, name: string, values: never[]): Promise<void> => {
    try {
      const handler = handlers[name];
      if (handler === undefined) throw new HoldfastError("internal", `No handler for ${name}.`);
      const value: unknown = await handler(...values);
      if (value instanceof Handed) port.postMessage({ kind: "answer", id, value: value.value }, value.transfer);
      else port.postMessage({ kind: "answer", id, value }, []);
    } catch (thrown) {
      const { code, message } = toHoldfastError(thrown);
      port.postMessage({ kind: "failure", id, code, message }, []);
    }
  };
  port.addEventListener("message", ({ data }: MessageEvent<Message>) => {
    if (data.kind === "call") {
      void answer(data.id, data.name, data.values);
      return;
    }
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.kind === "answer") asked?.resolve(data.value as never);
    else asked?.reject(new HoldfastError(data.code, data.message));
  });
  const call = (name: string, values: readonly unknown[]): Promise<never> =>
    new Promise((resolve, reject) => {
      failure?.throwIfAborted();
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      port.postMessage({ kind: "call", id: lastId, name, values }, []);
    });
  return new Proxy({} as Calls<Theirs>, {
    get: (_, name) =>
      typeof name === "string" && name !== "then" ? (...values: unknown[]) => call(name, values) : undefined,
  });
}
