import type { Clock } from "@holdfast/core/clock";
import { assertWanted } from "@holdfast/object-store/call-signal";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import type { StoreCopy } from "@holdfast/object-store/store-copy";
import type { Debt } from "@holdfast/object-store/two-stores";
import type { BlockCell } from "../cells/block-cell.ts";
import { packPrefix } from "../format/pack-format.ts";
import { metadataPrefix } from "../facts/stored-metadata.ts";
import { keyringKey } from "../keys/wrapped-keys.ts";
import { oweFound } from "./debts.ts";

export interface ComparePorts {
  readonly cell: BlockCell;
  readonly copies: readonly [StoreCopy, StoreCopy];
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

/**
 * Lists both stores, and records a debt for each object that one lacks or has in another size. Copies nothing, so it
 * can be interrupted and repeated.
 * @param doubted stores with unknown content; also records debts for all their objects
 * @returns number of new debts
 */
export async function compareCopies(ports: ComparePorts, doubted: readonly StoreCopy[]): Promise<number> {
  const { cell, copies, clock, signal } = ports;
  let count = 0;
  for (const prefix of comparedPrefixes) {
    assertWanted(signal);
    const [first, second] = await Promise.all(copies.map((copy) => sizesIn(copy, prefix, signal)));
    const debts: Debt[] = [];
    for (const key of new Set([...(first?.keys() ?? []), ...(second?.keys() ?? [])])) {
      const store = owedBy({ first: first?.get(key), second: second?.get(key) }, copies, doubted);
      const sizeBytes = Math.max(first?.get(key) ?? 0, second?.get(key) ?? 0);
      if (store !== undefined) debts.push({ store, key, deed: "copy", sizeBytes });
    }
    for (let start = 0; start < debts.length; start += debtsAtOnce) {
      count += await oweFound(cell.db, debts.slice(start, start + debtsAtOnce), clock.nowMicros());
    }
  }
  return count;
}

const debtsAtOnce = 1000;

/** Prefixes by the first two digits of pack ids, so that 1/256 of a store's keys is in memory. */
const packFolders = Array.from({ length: 256 }, (_, index) => `${packPrefix}${index.toString(16).padStart(2, "0")}/`);

export const comparedPrefixes: readonly string[] = [keyringKey, metadataPrefix, ...packFolders];

export async function sizesIn(
  store: ObjectStore,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for await (const { key, sizeBytes } of store.list(prefix, signal === undefined ? {} : { signal })) {
    sizes.set(key, sizeBytes);
  }
  return sizes;
}

function owedBy(
  sizes: { readonly first: number | undefined; readonly second: number | undefined },
  [first, second]: ComparePorts["copies"],
  doubted: readonly StoreCopy[],
): string | undefined {
  if (sizes.first === undefined) return first.name;
  if (sizes.second === undefined) return second.name;
  const [one] = doubted;
  if (one !== undefined) return one.name;
  // The shorter one is truncated. The copy verifies it.
  return sizes.first === sizes.second ? undefined : (sizes.first < sizes.second ? first : second).name;
}
