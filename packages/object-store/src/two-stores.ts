import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { assertWanted } from "./call-signal.ts";
import type { Sleep } from "./call-signal.ts";
import { inTime } from "./in-time.ts";
import { mergeLists } from "./merge-lists.ts";
import { assertKey, assertPrefix, assertRange, countBytes, notFoundError } from "./object-key.ts";
import type { CallOptions, ObjectStore } from "./object-store.ts";
import { StoreCopy } from "./store-copy.ts";

/** When a put is acknowledged: once both stores have it, or once one has it and what the other lacks is written down. */
export const storePolicies = ["both", "one"] as const;
export type StorePolicy = (typeof storePolicies)[number];

/** What one of the stores still has to do, so that both hold the same. */
export interface Debt {
  readonly store: string;
  readonly key: string;
  readonly deed: "copy" | "delete";
  readonly sizeBytes: number;
}

export interface TwoStoresOptions {
  /** The first is read first. */
  readonly copies: readonly [StoreCopy, StoreCopy];
  readonly policy: StorePolicy;
  /** Writes down what is owed; it is durable once this has returned. */
  readonly owe: (debts: readonly Debt[]) => Promise<void>;
  /** How long the other store waits for one that neither does nor fails. */
  readonly patienceMs: number;
  readonly sleep: Sleep;
  /** So often one that is away is asked again by those who would use it. */
  readonly lookEveryMs?: number;
}

export interface TwoStores extends ObjectStore {
  readonly copies: readonly [StoreCopy, StoreCopy];
}

/**
 * A store made of two. A put goes to both; a get is answered by the first that can. That an object is absent means that both are there and neither
 * has it. A delete succeeds where one store is away, which owes it then.
 */
export function makeTwoStores(options: TwoStoresOptions): TwoStores {
  const { copies } = options;
  return {
    copies,
    async put(key, bytes, call) {
      assertKey(key);
      assertWanted(call?.signal);
      await putBoth(options, key, bytes, call);
    },
    async get(key, call) {
      assertKey(key);
      assertRange(key, call?.range);
      return readEither(options, key, call, (copy, signal) => copy.get(key, { ...call, ...given(signal) }));
    },
    async stat(key, call) {
      assertKey(key);
      try {
        return await readEither(options, key, call, async (copy, signal) => {
          return (await copy.stat(key, given(signal))) ?? absent(key);
        });
      } catch (error) {
        if (error instanceof HoldfastError && error.code === "not_found") return undefined;
        throw error;
      }
    },
    async *list(prefix, call) {
      assertPrefix(prefix);
      assertWanted(call?.signal);
      const there = copies.filter(({ isAway }) => !isAway);
      const asked = there.length === 0 ? copies : there;
      yield* mergeLists(
        asked.map((copy) => copy.list(prefix, call)),
        call?.signal,
      );
    },
    async delete(key, call) {
      assertKey(key);
      assertWanted(call?.signal);
      await deleteBoth(options, key, call);
    },
  };
}

/** The stores that a store is made of: mostly itself alone. */
export function copiesOf(store: ObjectStore): readonly ObjectStore[] {
  return twoOf(store) ?? [store];
}

/** Undefined for a store that is one. */
export function twoOf(store: ObjectStore): TwoStores["copies"] | undefined {
  return "copies" in store ? (store as TwoStores).copies : undefined;
}

/** As a report names it. */
export function nameOf(store: ObjectStore): string {
  return store instanceof StoreCopy ? store.name : "";
}

async function putBoth(
  options: TwoStoresOptions,
  key: string,
  bytes: Uint8Array | readonly Uint8Array[],
  call: CallOptions | undefined,
): Promise<void> {
  const { copies, policy } = options;
  const ready = await readyToWrite(options);
  const failures = await actOnAll(options, ready, call, (copy, signal) => copy.put(key, bytes, given(signal)));
  if (failures.size === ready.length) throwFirst(failures);
  assertWanted(call?.signal);
  const lacking = copies.filter((copy) => !ready.includes(copy) || failures.has(copy));
  if (lacking.length === 0) return;
  const debts = lacking.map(({ name }): Debt => ({ store: name, key, deed: "copy", sizeBytes: countBytes(bytes) }));
  if (policy === "one") return options.owe(debts);
  // It is not acknowledged, and stands in one store nevertheless: whoever finds it there finds it in both.
  await options.owe(debts).catch(() => {});
  throwFirst(failures);
}

/**
 * Before anything is written: a put that cannot succeed would leave its object in the one store, over and over.
 * @throws HoldfastError unavailable where too few are there
 */
async function readyToWrite({ copies, policy, lookEveryMs = 1000 }: TwoStoresOptions): Promise<StoreCopy[]> {
  const there = copies.filter(({ isAway }) => !isAway);
  const looks = copies.filter(({ isAway }) => isAway).map((copy) => copy.lookAgain(lookEveryMs));
  // A store that is back is found by whoever writes next; only who cannot do without it waits for that.
  if (there.length === copies.length || (policy === "one" && there.length > 0)) return there;
  await Promise.all(looks);
  const ready = copies.filter(({ isAway }) => !isAway);
  if (ready.length >= (policy === "both" ? copies.length : 1)) return ready;
  const away = copies.find(({ isAway }) => isAway);
  throw awayError(
    policy === "both" && ready.length > 0
      ? "one of the two stores is unavailable, and each write must reach both"
      : "both stores are unavailable",
    away?.reason,
  );
}

async function deleteBoth(options: TwoStoresOptions, key: string, call: CallOptions | undefined): Promise<void> {
  const { copies } = options;
  const ready = copies.filter(({ isAway }) => !isAway);
  const asked = ready.length === 0 ? copies : ready;
  const failures = await actOnAll(options, asked, call, (copy, signal) => copy.delete(key, given(signal)));
  if (failures.size === asked.length) throwFirst(failures);
  assertWanted(call?.signal);
  const lacking = copies.filter((copy) => !asked.includes(copy) || failures.has(copy));
  if (lacking.length > 0)
    await options.owe(lacking.map(({ name }) => ({ store: name, key, deed: "delete", sizeBytes: 0 })));
}

/**
 * Waits for all of them, since none may read the bytes once a put has returned; under the policy `one` one that dawdles is given up some time after
 * another has succeeded.
 * @returns what went wrong, by copy
 */
async function actOnAll(
  { policy, patienceMs, sleep }: TwoStoresOptions,
  copies: readonly StoreCopy[],
  call: CallOptions | undefined,
  act: (copy: StoreCopy, signal: AbortSignal | undefined) => Promise<void>,
): Promise<Map<StoreCopy, HoldfastError>> {
  const over = new AbortController();
  const late = new AbortController();
  const signal = call?.signal === undefined ? late.signal : AbortSignal.any([call.signal, late.signal]);
  const acts = copies.map((copy) => act(copy, signal));
  if (policy === "one" && copies.length > 1) {
    const giveUpLater = async (): Promise<void> => {
      await Promise.any(acts);
      await sleep(patienceMs, over.signal);
      late.abort("the other store has it");
    };
    // All have failed, or all have come to their end meanwhile.
    giveUpLater().catch(() => {});
  }
  const settled = await Promise.allSettled(acts);
  over.abort();
  const failures = new Map<StoreCopy, HoldfastError>();
  for (const [index, copy] of copies.entries()) {
    const outcome = settled[index];
    if (outcome?.status !== "rejected") continue;
    failures.set(copy, toHoldfastError(outcome.reason));
    if (late.signal.aborted) await copy.tookTooLong(true);
  }
  return failures;
}

async function readEither<Result>(
  { copies, patienceMs, sleep, lookEveryMs = 1000 }: TwoStoresOptions,
  key: string,
  call: CallOptions | undefined,
  act: (copy: StoreCopy, signal: AbortSignal | undefined) => Promise<Result>,
): Promise<Result> {
  const signal = call?.signal;
  assertWanted(signal);
  const order = copies.toSorted((left, right) => Number(left.isAway) - Number(right.isAway));
  const failures = new Map<StoreCopy, HoldfastError>();
  for (const copy of order) {
    // Found again by those who read; nobody waits for it.
    if (copy.isAway && failures.size === 0) void copy.lookAgain(lookEveryMs);
    try {
      const isLast = copy === order.at(-1);
      const result = await (isLast
        ? act(copy, signal)
        : inTime({ patienceMs, sleep }, signal, (inTimeSignal) => act(copy, inTimeSignal)));
      for (const [other, { code }] of failures) if (isAbsent(code)) other.lacks(key);
      return result;
    } catch (error) {
      assertWanted(signal);
      const failure = toHoldfastError(error);
      if (failure.code === "invalid_field") throw error;
      failures.set(copy, failure);
    }
  }
  throw await whyNeither(failures);
}

/** What neither has is absent only where both are there. */
async function whyNeither(failures: ReadonlyMap<StoreCopy, HoldfastError>): Promise<HoldfastError> {
  const other = [...failures].find(([, { code }]) => !isAbsent(code));
  if (other !== undefined) return seenFromOutside(...other);
  for (const copy of failures.keys()) {
    if (!(await copy.look()))
      return awayError("one of the two stores is unavailable and may contain the missing object", copy.reason);
  }
  const all = [...failures.values()];
  return all.find(({ code }) => code === "range") ?? all[0] ?? awayError("neither was asked", undefined);
}

function isAbsent(code: HoldfastError["code"]): boolean {
  return code === "not_found" || code === "range";
}

function absent(key: string): never {
  throw notFoundError(key);
}

function given(signal: AbortSignal | undefined): CallOptions {
  return signal === undefined ? {} : { signal };
}

function throwFirst(failures: ReadonlyMap<StoreCopy, HoldfastError>): never {
  const [first] = failures;
  throw first === undefined ? awayError("neither was asked", undefined) : seenFromOutside(...first);
}

/** One that fails at whatever it is asked (no rights, a folder that is none) is away, and that passes; with one store it would be for good. */
function seenFromOutside(copy: StoreCopy, failure: HoldfastError): HoldfastError {
  return copy.isAway && failure.code === "failed" ? awayError("one of the two stores fails", failure) : failure;
}

/** For whoever uses the server: where the stores lie stands in the cause, which is for the log. */
function awayError(what: string, cause: unknown): HoldfastError {
  return new HoldfastError("unavailable", `A block store is not available: ${what}. Try again in a moment.`, {
    retryAfterSeconds: 5,
    cause,
  });
}
