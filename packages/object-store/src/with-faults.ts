import { HoldfastError } from "@holdfast/core/errors";
import { waitWhileWanted } from "./call-signal.ts";
import type { Sleep } from "./call-signal.ts";
import type { CallOptions, ObjectStore } from "./object-store.ts";

export interface FaultRates {
  /** The call fails without an effect. */
  readonly failBefore: number;
  /** The call is executed but fails nevertheless. */
  readonly failAfter: number;
  readonly slow: number;
  /** The call waits `hangMs` or until aborted, and fails without an effect. */
  readonly hang: number;
}

export type Fault = keyof FaultRates;

export interface FaultOptions {
  /** Returns 0 to below 1; seeded, so that a run can be repeated. */
  readonly random: () => number;
  readonly sleep: Sleep;
  readonly slowMs: number;
  readonly hangMs: number;
}

export interface FaultSwitch {
  /** Shares of all calls with each fault, in sum at most 1. Absent ones are 0. */
  setRates(rates: Partial<FaultRates>): void;
  /** Faults for the next calls (of an operation, if named), before random ones. */
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

interface FaultPlan extends FaultSwitch {
  take(operation: keyof ObjectStore): Planned | undefined;
  takeQueued(operation: keyof ObjectStore): Planned | undefined;
  draw(): Planned | undefined;
}

/** Store with configurable failures, delays and hangs. Without rates and queue, it changes nothing. */
export function withFaults(store: ObjectStore, options: FaultOptions): FaultyStore {
  const plan = makePlan(options.random);
  const disturb = async <Result>(
    operation: keyof ObjectStore,
    call: CallOptions | undefined,
    planned: Planned | undefined,
    act: () => Promise<Result>,
  ): Promise<Result> => {
    if (planned === undefined) return act();
    const error =
      planned.error ?? new HoldfastError("unavailable", `Injected fault: ${planned.fault} of ${operation}.`);
    if (planned.fault === "slow") await waitWhileWanted(options.sleep, options.slowMs, call?.signal);
    if (planned.fault === "hang") await waitWhileWanted(options.sleep, options.hangMs, call?.signal);
    if (planned.fault === "hang" || planned.fault === "failBefore") throw error;
    const result = await act();
    if (planned.fault === "failAfter") throw error;
    return result;
  };

  return {
    faults: plan,
    put: (key, bytes, call) => disturb("put", call, plan.take("put"), () => store.put(key, bytes, call)),
    get: (key, call) => disturb("get", call, plan.take("get"), () => store.get(key, call)),
    stat: (key, call) => disturb("stat", call, plan.take("stat"), () => store.stat(key, call)),
    delete: (key, call) => disturb("delete", call, plan.take("delete"), () => store.delete(key, call)),
    async *list(prefix, call) {
      // A list is one call with one random fault. A fault queued in the middle interrupts it there.
      const entries = store.list(prefix, call)[Symbol.asyncIterator]();
      try {
        for (let drawn = plan.draw(); ; drawn = undefined) {
          const planned = plan.takeQueued("list") ?? drawn;
          const step = await disturb("list", call, planned, () => entries.next());
          if (step.done === true) return;
          yield step.value;
        }
      } finally {
        await entries.return?.();
      }
    },
  };
}

function makePlan(random: () => number): FaultPlan {
  let rates: Partial<FaultRates> = {};
  let faultCount = 0;
  const queued: Planned[] = [];

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
      return this.takeQueued(operation) ?? this.draw();
    },
    takeQueued(operation) {
      const index = queued.findIndex((planned) => planned.operation === undefined || planned.operation === operation);
      if (index === -1) return undefined;
      faultCount += 1;
      return queued.splice(index, 1)[0];
    },
    draw() {
      const fault = pickFault(rates, random());
      if (fault === undefined) return undefined;
      faultCount += 1;
      return { fault, operation: undefined, error: undefined };
    },
  };
}

function pickFault(rates: Partial<FaultRates>, drawn: number): Fault | undefined {
  let left = drawn;
  for (const fault of ["failBefore", "failAfter", "slow", "hang"] as const) {
    left -= rates[fault] ?? 0;
    if (left < 0) return fault;
  }
  return undefined;
}
