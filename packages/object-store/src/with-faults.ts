import { HoldfastError } from "@holdfast/core/errors";
import { assertWanted } from "./call-signal.ts";
import type { CallOptions, ObjectStore } from "./object-store.ts";

export interface FaultRates {
  /** The call fails and has done nothing. */
  readonly failBefore: number;
  /** The call is done and fails all the same. */
  readonly failAfter: number;
  /** The call waits `slowMs` and is done. */
  readonly slow: number;
  /** The call does nothing, waits `hangMs` or until it is given up, and fails. */
  readonly hang: number;
}

export type Fault = keyof FaultRates;

export interface FaultOptions {
  /** Numbers from 0 up to 1; seeded, so that a run can be repeated. */
  readonly random: () => number;
  readonly sleep: (delayMs: number, signal?: AbortSignal) => Promise<void>;
  readonly slowMs: number;
  readonly hangMs: number;
}

/** A test's hand on the faults while the store is in use. */
export interface FaultSwitch {
  /** From now on each call draws its fault: the rates are shares of all calls and sum to at most 1. Absent ones are 0. */
  setRates(rates: Partial<FaultRates>): void;
  /** The next calls (of that operation, if one is named) have these faults, before any is drawn. */
  queue(
    fault: Fault,
    options?: { readonly operation?: keyof ObjectStore; readonly times?: number; readonly error?: HoldfastError },
  ): void;
  readonly faultCount: number;
}

export interface FaultyStore extends ObjectStore {
  readonly faults: FaultSwitch;
}

interface Planned {
  readonly fault: Fault;
  readonly operation: keyof ObjectStore | undefined;
  readonly error: HoldfastError | undefined;
}

/** A store that fails, dawdles and hangs as it is told. Without rates and with an empty queue it does nothing of its own. */
export function withFaults(store: ObjectStore, options: FaultOptions): FaultyStore {
  const plan = makePlan(options.random);
  const disturb = async <Result>(
    operation: keyof ObjectStore,
    call: CallOptions | undefined,
    act: () => Promise<Result>,
  ): Promise<Result> => {
    const planned = plan.take(operation);
    if (planned === undefined) return act();
    const error =
      planned.error ?? new HoldfastError("unavailable", `Injected fault: ${planned.fault} of ${operation}.`);
    if (planned.fault === "slow") await options.sleep(options.slowMs, call?.signal);
    if (planned.fault === "hang") await options.sleep(options.hangMs, call?.signal);
    assertWanted(call?.signal);
    if (planned.fault === "hang" || planned.fault === "failBefore") throw error;
    const result = await act();
    if (planned.fault === "failAfter") throw error;
    return result;
  };

  return {
    faults: plan,
    put: (key, bytes, call) => disturb("put", call, () => store.put(key, bytes, call)),
    get: (key, call) => disturb("get", call, () => store.get(key, call)),
    stat: (key, call) => disturb("stat", call, () => store.stat(key, call)),
    delete: (key, call) => disturb("delete", call, () => store.delete(key, call)),
    async *list(prefix, call) {
      // Each step may break, so that a list is also cut in its middle.
      const entries = store.list(prefix, call)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const step = await disturb("list", call, () => entries.next());
          if (step.done === true) return;
          yield step.value;
        }
      } finally {
        await entries.return?.();
      }
    },
  };
}

function makePlan(random: () => number): FaultSwitch & { take(operation: keyof ObjectStore): Planned | undefined } {
  let rates: Partial<FaultRates> = {};
  let faultCount = 0;
  const queued: Planned[] = [];

  const draw = (): Fault | undefined => {
    let left = random();
    for (const fault of ["failBefore", "failAfter", "slow", "hang"] as const) {
      left -= rates[fault] ?? 0;
      if (left < 0) return fault;
    }
    return undefined;
  };

  return {
    get faultCount() {
      return faultCount;
    },
    setRates(wanted) {
      rates = wanted;
    },
    queue(fault, { operation, times = 1, error } = {}) {
      for (let count = 0; count < times; count += 1) queued.push({ fault, operation, error });
    },
    take(operation) {
      const index = queued.findIndex((planned) => planned.operation === undefined || planned.operation === operation);
      const fault = index === -1 ? draw() : undefined;
      const planned =
        index === -1 ? fault && { fault, operation: undefined, error: undefined } : queued.splice(index, 1)[0];
      if (planned !== undefined) faultCount += 1;
      return planned;
    },
  };
}
