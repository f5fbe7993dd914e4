import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { formatBytes } from "@holdfast/core/format-bytes";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { StoreCopy } from "@holdfast/object-store/store-copy";
import { type TwoStores, twoOf } from "@holdfast/object-store/two-stores";
import { readDataKeyRows } from "../../packs/keys/keyring.ts";
import { keyringKey } from "../../packs/keys/wrapped-keys.ts";
import { shownAddress } from "../../base/config/shown-address.ts";
import { readLag } from "../../packs/copies/debts.ts";
import { readKnownCopies } from "../../packs/copies/known-copies.ts";
import type { CellWorld, DoctorWorld } from "./doctor-world.ts";
import { fail, type Finding, of, ok, warn } from "./finding.ts";
import { judgeClock } from "./judge-clock.ts";

/** A test object shows the store's clock by its time. For two stores, reports what one lacks. */
export async function checkStores(world: DoctorWorld): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const cell of world.cells) findings.push(...(await checkCell(world, cell)));
  return findings;
}

async function checkCell(world: DoctorWorld, cell: CellWorld): Promise<Finding[]> {
  const what = `cell ${cell.id}`;
  try {
    const store = await cell.store();
    const copies = twoOf(store);
    if (copies === undefined) return await checkStore(world, cell, { what, store });
    const findings: Finding[] = [];
    for (const copy of copies) {
      const named = `${what}, ${shownAddress(copy.name)}`;
      findings.push(...(await tried(named, () => checkStore(world, cell, { what: named, store: copy }))));
    }
    return [...findings, ...(await checkCopies(cell, copies))];
  } catch (error) {
    return [notWorking(what, error)];
  }
}

async function tried(what: string, check: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [notWorking(what, error)];
  }
}

function notWorking(what: string, error: unknown): Finding {
  const advice = "Check its disk or bucket, permissions and free space. Nothing can be stored until it works.";
  return of(what, fail("store", `${what}: ${toHoldfastError(error).message}`, advice));
}

interface CheckedStore {
  readonly what: string;
  /** A single store, not a pair. */
  readonly store: ObjectStore;
}

async function checkStore(
  { clock, random }: DoctorWorld,
  { db }: CellWorld,
  { what, store }: CheckedStore,
): Promise<Finding[]> {
  const isUsed = !(store instanceof StoreCopy) || !store.isNew;
  if (isUsed && (await store.stat(keyringKey)) === undefined && (await readDataKeyRows(db)).length > 0) {
    const detail = `the store of ${what} does not contain the keyring of this server`;
    const advice = 'Is its disk mounted, its bucket the right one? See "Unavailable store" in docs/operation.md.';
    return [of(what, fail("store", detail, advice))];
  }
  const startMs = performance.now();
  const sentMs = clock.nowMs();
  const modifiedAtMs = await tryStore(store, random);
  const tookMs = Math.round(performance.now() - startMs);
  const asked = { sentMs, nowMs: clock.nowMs() };
  return [
    of(what, ok("store", `${what}: an object was written, read and removed in ${tookMs} ms`)),
    of(what, judgeClock(`the store of ${what}`, modifiedAtMs, asked)),
  ];
}

async function checkCopies({ id, db }: CellWorld, copies: TwoStores["copies"]): Promise<Finding[]> {
  const [lag, known] = await Promise.all([readLag(db), readKnownCopies(db)]);
  return copies.map(({ name }) => {
    const place = `cell ${id}, ${shownAddress(name)}`;
    const { objects, bytes } = lag.get(name) ?? { objects: 0, bytes: 0 };
    const lags = (detail: string): Finding => of(place, { ...warn("copies", detail, lagAdvice), urgency: "passing" });
    if (objects > 0)
      return lags(
        `${place} is missing ${objects.toLocaleString("en")} objects (${formatBytes(bytes)}) of the other store`,
      );
    if ((known.get(name) ?? null) === null) return lags(`${place} has not been compared with the other store yet`);
    return of(place, ok("copies", `${place} is missing nothing, as far as known`));
  });
}

const lagAdvice =
  "Missing objects are copied automatically while both stores are reachable; check again in a few minutes. 'holdfast admin copies status' shows the progress.";

/** @returns time of the write by the store's clock */
async function tryStore(store: ObjectStore, random: DoctorWorld["random"]): Promise<number> {
  const key = `doctor-${Buffer.from(random(8)).toString("hex")}`;
  const bytes = random(4096);
  try {
    await store.put(key, bytes);
    const stat = await store.stat(key);
    if (Buffer.compare(await store.get(key), bytes) !== 0 || stat === undefined) {
      throw new HoldfastError("damaged", `The object ${key} was not read back as it was written.`);
    }
    return stat.modifiedAtMs;
  } finally {
    await store.delete(key);
  }
}
