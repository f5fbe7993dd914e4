import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { assertWanted } from "./call-signal.ts";
import type { Sleep } from "./call-signal.ts";
import { inTime } from "./in-time.ts";
import { mergeLists } from "./merge-lists.ts";
import { assertKey, assertPrefix, assertRange, countBytes, notFoundError } from "./object-key.ts";
import type { CallOptions, ObjectStore } from "./object-store.ts";
import { StoreCopy } from "./store-copy.ts";

/** A put is acknowledged once both stores have it, or once one has it and the other's debt is recorded. */
export const storePolicies = ["both", "one"] as const;
export type StorePolicy = (typeof storePolicies)[number];

/** Pending work of one store to equal the other. */
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
  /** Records debts durably. */
  readonly owe: (debts: readonly Debt[]) => Promise<void>;
  /** A finished store waits this long for one that hangs. */
  readonly patienceMs: number;
  readonly sleep: Sleep;
  /** Minimum interval of checks of an unavailable store. */
  readonly lookEveryMs?: number;
}

export interface TwoStores extends ObjectStore {
  readonly copies: readonly [StoreCopy, StoreCopy];
  readonly policy: StorePolicy;
}

/**
 * A put goes to both; the first available one answers a get. An object counts as missing only if both are available and
 * neither has it. A delete succeeds while one store is away, which then owes it. Only keys and bytes are known
 * here: the server's `packs/repair/settle-pack.ts` checks seals to determine which version of a pack is whole.
 */
export function makeTwoStores(options: TwoStoresOptions): TwoStores {
  const { copies, policy } = options;
  return {
    copies,
    policy,
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

/** Returns the parts of a store, usually itself only. */
export function copiesOf(store: ObjectStore): readonly ObjectStore[] {
  return twoOf(store) ?? [store];
}

/** undefined for a single store */
export function twoOf(store: ObjectStore): TwoStores["copies"] | undefined {
  return "copies" in store ? (store as TwoStores).copies : undefined;
}

/**
 * While one of two stores is away, returns the name of the other, or both names if both are away. An object that such a
 * store owes has no copy within reach. With the policy `both`, no acknowledged object has a single copy.
 */
export async function debtorsOf(store: ObjectStore): Promise<readonly string[]> {
  if (!("copies" in store)) return [];
  const { copies, policy } = store as TwoStores;
  if (policy === "both") return [];
  // A caller that neither reads nor writes the store would not notice its loss. Only a returned store is checked later.
  const looks = copies.map((copy) => ({ wasAway: copy.isAway, look: copy.lookAgain(seenMs) }));
  await Promise.all(looks.filter(({ wasAway }) => !wasAway).map(({ look }) => look));
  const there = copies.filter(({ isAway }) => !isAway);
  if (there.length === copies.length) return [];
  return (there.length === 0 ? copies : there).map(({ name }) => name);
}

/** Longer than the interval of the server's own checks, which then suffice. */
const seenMs = 5000;

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
  // One store has the object of the put that is not acknowledged. The debt makes both equal.
  await options.owe(debts).catch(() => {});
  throwFirst(failures);
}

/**
 * Availability is checked before writing: an impossible put, often retried, would leave its object in one store.
 * @throws HoldfastError unavailable if too few stores are available
 */
async function readyToWrite({ copies, policy, lookEveryMs = 1000 }: TwoStoresOptions): Promise<StoreCopy[]> {
  const there = copies.filter(({ isAway }) => !isAway);
  const looks = copies.filter(({ isAway }) => isAway).map((copy) => copy.lookAgain(lookEveryMs));
  // The next writer detects a returned store; only a writer that needs it waits.
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
 * Waits for all stores, because none may read the bytes after the put has returned. With the policy `one`, a slow store
 * is aborted some time after another has succeeded.
 * @returns errors by copy
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
    // All have failed, or have finished meanwhile.
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
    // Readers trigger the check without waiting for it.
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

/**
 * A store that fails at everything (no permission, no folder) is away, which may pass. As a single store, the error
 * would be permanent.
 */
function seenFromOutside(copy: StoreCopy, failure: HoldfastError): HoldfastError {
  return copy.isAway && failure.code === "failed" ? awayError("one of the two stores fails", failure) : failure;
}

/** Users of the server see this, so the location is only in the cause. */
function awayError(what: string, cause: unknown): HoldfastError {
  return new HoldfastError("unavailable", `A block store is not available: ${what}. Try again in a moment.`, {
    retryAfterSeconds: 5,
    cause,
  });
}
