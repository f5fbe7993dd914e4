import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { assertWanted } from "@holdfast/object-store/call-signal";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { type Debt, twoOf } from "@holdfast/object-store/two-stores";
import type { CopyJson } from "@holdfast/protocol/admin-routes";
import type { BlockPool } from "../format/block-tasks.ts";
import { checkAlone, missingReason, settlePack } from "../repair/settle-pack.ts";
import { packIdOfKey } from "../format/pack-format.ts";
import { keyringKey } from "../keys/wrapped-keys.ts";
import { comparedPrefixes, sizesIn } from "./compare-copies.ts";
import { getIfThere } from "./copy-object.ts";
import { copyJson, type PlacedCell, readVerification, type Verification, writeVerification } from "./copies-report.ts";
import { oweFound } from "./debts.ts";
import type { KeeperPorts } from "./pay-debts.ts";
import { makePace } from "./pace.ts";

export interface VerifyPorts extends KeeperPorts {
  readonly pool: BlockPool;
  readonly signal?: AbortSignal | undefined;
}

/** Marks all cells before the first is verified, so that they count as one verification. */
export async function noteVerificationBegun(placed: readonly PlacedCell[], clock: Clock): Promise<void> {
  for (const { cell } of placed) await writeVerification(cell, begun(clock.nowMs()));
}

/** Returns true if a verification is marked as running. If none runs, its process has ended. */
export async function isVerificationUnfinished(placed: readonly PlacedCell[]): Promise<boolean> {
  const verifications = await Promise.all(placed.map(({ cell }) => readVerification(cell)));
  return verifications.some(({ state }) => state === "running");
}

/** Verifies a cell that is marked. After the end of a process, the next one verifies only the remaining cells. */
export async function continueVerification(ports: VerifyPorts, placed: PlacedCell): Promise<void> {
  assertWanted(ports.signal);
  if ((await readVerification(placed.cell)).state === "running") await verifyCopies(ports, placed);
}

/**
 * Reads every object in every store of a cell, compares the stores, and checks seal and hash of each block. Changes
 * nothing in the stores, but records differences as debts. The result is stored in `cell.facts`. Stays marked as running
 * if the process stops.
 */
export async function verifyCopies(ports: VerifyPorts, placed: PlacedCell): Promise<void> {
  const { clock } = ports;
  const report = begun(clock.nowMs());
  await writeVerification(placed.cell, report);
  const end = (state: "done" | "failed", copies: CopyJson[]) => {
    const finished_at = new Date(clock.nowMs()).toISOString();
    return writeVerification(placed.cell, { ...report, state, finished_at, copies });
  };
  try {
    await end("done", await verifyAll(ports, placed, report));
  } catch (error) {
    if (ports.signal?.aborted !== true) await end("failed", []);
    throw error;
  }
}

function begun(nowMs: number): Verification {
  return { state: "running", started_at: new Date(nowMs).toISOString(), finished_at: null, objects: 0, copies: [] };
}

interface Tally {
  readonly store: ObjectStore;
  readonly name: string;
  lagObjects: number;
  lagBytes: number;
  damaged: number;
  isAway: boolean;
}

async function verifyAll(ports: VerifyPorts, { cell, places }: PlacedCell, report: Verification): Promise<CopyJson[]> {
  const copies = twoOf(cell.store);
  await Promise.all((copies ?? []).map((copy) => copy.look()));
  const stores = copies ?? [cell.store];
  const tallies = stores.map((store, index): Tally => {
    const isAway = copies?.[index]?.isAway ?? false;
    return { store, name: places[index] ?? "", lagObjects: 0, lagBytes: 0, damaged: 0, isAway };
  });
  const there = tallies.filter(({ isAway }) => !isAway);
  if (there.length === 0)
    throw new HoldfastError("unavailable", "Both stores are unavailable. Try again when one is available.");
  const verify = makeVerifier(ports, { cell, places }, tallies);
  for (const prefix of comparedPrefixes) {
    const listed = await Promise.all(there.map(({ store }) => sizesIn(store, prefix, ports.signal)));
    for (const key of new Set(listed.flatMap((sizes) => Array.from(sizes.keys())))) {
      assertWanted(ports.signal);
      await verify(key);
      report.objects += 1;
    }
  }
  return tallies.map(tallyJson);
}

function tallyJson({ name, isAway, lagObjects: objects, lagBytes: bytes, damaged }: Tally): CopyJson {
  const lags = objects > 0 ? "behind" : "ok";
  const found = damaged > 0 ? "damaged" : lags;
  return { ...copyJson(name, { state: isAway ? "away" : found, objects, bytes }), damaged_objects: damaged };
}

function makeVerifier(ports: VerifyPorts, { cell }: PlacedCell, tallies: readonly Tally[]) {
  const { pool, clock, signal } = ports;
  const pace = makePace(limits.copyBytesPerSecondMax, ports);
  return async (key: string): Promise<void> => {
    if (key === keyringKey) return verifyKeyring(tallies);
    const packId = packIdOfKey(key);
    if (packId === undefined) {
      const debts = await verifySame(key, tallies, signal);
      await oweFound(cell.db, debts, clock.nowMicros());
      return;
    }
    const { bytes, withheld, unmended } = await settlePack({ cell, pool, signal }, packId, { mend: false });
    const sizeBytes = bytes?.length ?? 0;
    for (const { store, reason } of unmended) {
      const tally = tallies.find(({ name }) => name === store);
      if (tally === undefined) continue;
      count(tally, reason === missingReason ? sizeBytes : undefined);
      await oweFound(cell.db, [{ store, key, deed: "copy", sizeBytes }], clock.nowMicros());
    }
    const isBad =
      bytes === undefined ? withheld !== undefined : (await checkAlone({ cell, pool }, packId, bytes)) !== undefined;
    // The best copy is also bad, so no available store has an intact one.
    const inAll = tallies.filter(({ isAway, name }) => !isAway && !unmended.some(({ store }) => store === name));
    if (isBad) for (const tally of inAll) count(tally, undefined);
    await pace(tallies.length * sizeBytes, signal);
  };
}

/** @param lagBytes size of a missing object; undefined for a damaged one */
function count(tally: Tally, lagBytes: number | undefined): void {
  if (lagBytes === undefined) {
    tally.damaged += 1;
    return;
  }
  tally.lagObjects += 1;
  tally.lagBytes += lagBytes;
}

/** Compares an object of the metadata. Only a reader with the keys could determine which copy is right. */
async function verifySame(
  key: string,
  tallies: readonly Tally[],
  signal: AbortSignal | undefined,
): Promise<readonly Debt[]> {
  const there = tallies.filter(({ isAway }) => !isAway);
  const read = () => Promise.all(there.map(({ store }) => getIfThere(store, key, signal)));
  const isSame = (copies: readonly (Uint8Array | undefined)[]) =>
    copies.every((copy) => Buffer.compare(copy ?? nothing, copies[0] ?? nothing) === 0);
  let copies = await read();
  // The object may have just been written or removed.
  for (let again = 1; again <= looksMore && !isSame(copies); again += 1) copies = await read();
  if (isSame(copies)) return [];
  const sizeBytes = Math.max(...copies.map((copy) => copy?.length ?? 0));
  const lacking = there.filter((_, index) => copies[index] === undefined);
  for (const tally of lacking) count(tally, sizeBytes);
  if (lacking.length > 0) return lacking.map(({ name }): Debt => ({ store: name, key, deed: "copy", sizeBytes }));
  const [, second] = there;
  if (second === undefined) return [];
  count(second, undefined);
  // Reads use the first store, so the second gets its copy.
  return [{ store: second.name, key, deed: "copy", sizeBytes }];
}

const nothing = new Uint8Array();
const looksMore = 2;

async function verifyKeyring(tallies: readonly Tally[]): Promise<void> {
  const there = tallies.filter(({ isAway }) => !isAway);
  const rings = await Promise.all(
    there.map(async ({ store }) => ((await store.stat(keyringKey)) === undefined ? undefined : store.get(keyringKey))),
  );
  const [first] = rings;
  for (const [index, tally] of there.entries()) {
    const ring = rings[index];
    if (ring === undefined) count(tally, 0);
    else if (first !== undefined && Buffer.compare(ring, first) !== 0) count(tally, undefined);
  }
}
