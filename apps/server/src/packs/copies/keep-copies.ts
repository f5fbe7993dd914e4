import { limits } from "@holdfast/core/limits";
import type { StoreCopy } from "@holdfast/object-store/store-copy";
import { twoOf } from "@holdfast/object-store/two-stores";
import type { BlockCell } from "../cells/block-cell.ts";
import { compareCopies } from "./compare-copies.ts";
import { noteCompared, noteCopy, readKnownCopies } from "./known-copies.ts";
import { giveUpDebts } from "./give-up-debts.ts";
import { makePace } from "./pace.ts";
import { type KeeperPorts, payDebts } from "./pay-debts.ts";

export interface KeepOptions {
  readonly signal?: AbortSignal | undefined;
  /** Refills an empty store immediately and not after a while. */
  readonly fillsAtOnce?: boolean;
  /** Compares all keys, even if they were compared recently. */
  readonly compares?: boolean;
}

/** Makes the two stores of a cell equal, if both are available. Does nothing for a cell with one store. */
export type KeepCopies = (cell: BlockCell, options?: KeepOptions) => Promise<void>;

export function openKeeper(ports: KeeperPorts): KeepCopies {
  const pace = makePace(limits.copyBytesPerSecondMax, ports);
  /** By store name. */
  const goneSinceMs = new Map<string, number>();

  return async (cell, { signal, fillsAtOnce = false, compares = false } = {}) => {
    const copies = twoOf(cell.store);
    if (copies === undefined) return;
    await Promise.all(copies.map((copy) => copy.look()));
    for (const copy of copies) {
      if (isLost(copy, { graceMs: fillsAtOnce ? 0 : limits.storeGoneMs, goneSinceMs, nowMs: ports.monotonicMs() })) {
        await beginAnew(ports, cell, { copy, others: copies.filter((each) => each !== copy), signal });
      }
    }
    if (copies.some(({ isAway }) => isAway)) return;
    const known = await admit(ports, cell, copies);
    await compareIfDue(ports, cell, { copies, known }, { signal, compares });
    await payDebts({ ...ports, cell, copies, pace, signal });
  };
}

interface Grace {
  readonly graceMs: number;
  readonly goneSinceMs: Map<string, number>;
  readonly nowMs: number;
}

/** Waits before it refills a store, because its disk may be mounted later or its folder moved back. */
function isLost(copy: StoreCopy, { graceMs, goneSinceMs, nowMs }: Grace): boolean {
  if (!copy.isGone) {
    goneSinceMs.delete(copy.name);
    return false;
  }
  const sinceMs = goneSinceMs.get(copy.name) ?? nowMs;
  goneSinceMs.set(copy.name, sinceMs);
  return nowMs - sinceMs >= graceMs;
}

interface Lost {
  readonly copy: StoreCopy;
  readonly others: readonly StoreCopy[];
  readonly signal: AbortSignal | undefined;
}

async function beginAnew({ log, clock }: KeeperPorts, cell: BlockCell, { copy, others, signal }: Lost): Promise<void> {
  if (others.every(({ isGone }) => isGone)) return;
  for (const other of others.filter(({ isAway }) => !isAway)) {
    await giveUpDebts(cell, { name: other.name, store: other }, { nowMicros: clock.nowMicros(), log, signal });
  }
  log.warn({ store: copy.name }, "a store is empty and is refilled from the other one");
  await noteCompared(cell.db, [copy.name], null);
  await copy.beginAnew();
}

/** Marks both stores as belonging to this cell. @returns time of the last comparison of each */
async function admit(
  { clock }: KeeperPorts,
  cell: BlockCell,
  copies: readonly StoreCopy[],
): Promise<ReadonlyMap<string, number | null>> {
  if (copies.some(({ isNew }) => isNew)) await cell.keyring.writeAgain();
  const known = await readKnownCopies(cell.db);
  for (const copy of copies) {
    if (copy.isNew) await copy.look();
    if (!known.has(copy.name)) await noteCopy(cell.db, copy.name, clock.nowMicros());
  }
  return known;
}

interface KnownCopies {
  readonly copies: readonly [StoreCopy, StoreCopy];
  readonly known: ReadonlyMap<string, number | null>;
}

async function compareIfDue(
  ports: KeeperPorts,
  cell: BlockCell,
  { copies, known }: KnownCopies,
  { signal, compares }: KeepOptions,
): Promise<void> {
  const doubted = copies.filter(({ name }) => (known.get(name) ?? null) === null);
  const startedAt = ports.clock.nowMicros();
  const isOld = copies.some(({ name }) => startedAt - (known.get(name) ?? 0) > limits.copiesComparedEveryMs * 1000);
  if (compares !== true && !isOld) return;
  // A store with unknown content is filled. In a new installation both are unknown, and the second is filled.
  const filled = doubted.length === copies.length ? doubted.slice(1) : doubted;
  const count = await compareCopies({ cell, copies, clock: ports.clock, signal }, filled);
  await noteCompared(
    cell.db,
    copies.map(({ name }) => name),
    startedAt,
  );
  if (count > 0) ports.log.info({ objects: count }, "the two stores were compared and are being made equal");
}
