import { HoldfastError } from "@holdfast/core/errors";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { copiesOf, nameOf } from "@holdfast/object-store/two-stores";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import { scrubPackInPool } from "../format/block-tasks.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import { getPack } from "../read/get-pack.ts";
import type { Withheld } from "../read/get-pack.ts";
import { betterOf, mergePacks } from "./merge-packs.ts";
import type { CheckedCopy } from "./merge-packs.ts";
import type { ScrubFinding, ScrubRow } from "../format/pack-check.ts";
import { parseHeader, packKey } from "../format/pack-format.ts";
import type { PackId } from "../format/pack-format.ts";
import { openFooter } from "../format/pack.ts";
import { packKeyOf } from "../format/seal.ts";

export interface SettlePorts {
  readonly cell: BlockCell;
  readonly pool: BlockPool;
  readonly signal?: AbortSignal | undefined;
}

export interface MendedCopy {
  readonly store: string;
  readonly reason: string;
}

export interface SettledPack {
  /** The best version, which every store now has if possible; undefined if no available store has the pack. */
  readonly bytes: Uint8Array | undefined;
  /** A store has the pack but cannot read it, or is unavailable. */
  readonly withheld: Withheld | undefined;
  readonly mended: readonly MendedCopy[];
  /** Stores with a missing or wrong version that could not be repaired. */
  readonly unmended: readonly MendedCopy[];
}

/**
 * Reads a pack from each store. If they differ, seals and hashes determine the whole version, or the whole parts of
 * each. The others are overwritten, but only by a version that contains all their whole records. For a single store it
 * only reads.
 * @param mend false: only reports what it would do
 * @throws HoldfastError unavailable if no store is available
 */
export async function settlePack(ports: SettlePorts, packId: PackId, { mend = true } = {}): Promise<SettledPack> {
  const before = underWay.get(packId);
  const settling = (async () => {
    // Keeps two callers from reporting the same fault twice.
    await before?.catch(() => {});
    return settleNow(ports, packId, mend);
  })();
  underWay.set(packId, settling);
  try {
    return await settling;
  } finally {
    if (underWay.get(packId) === settling) underWay.delete(packId);
  }
}

const underWay = new Map<PackId, Promise<SettledPack>>();

async function settleNow(ports: SettlePorts, packId: PackId, mend: boolean): Promise<SettledPack> {
  const copies = await Promise.all(copiesOf(ports.cell.store).map((store) => readCopy(ports, store, packId)));
  const absent = copies.find(({ failure }) => failure !== undefined);
  if (absent?.failure !== undefined && copies.every(({ failure }) => failure !== undefined)) throw absent.failure;
  const withheld = copies.find((copy) => copy.withheld !== undefined)?.withheld ?? (absent && storeAway);
  const held = copies.filter((copy): copy is CopyRead & { bytes: Uint8Array } => copy.bytes !== undefined);
  const [first] = held;
  if (first === undefined) return { bytes: undefined, withheld, mended: [], unmended: [] };
  const isOne = copies.length === 1 || held.every(({ bytes }) => Buffer.compare(bytes, first.bytes) === 0);
  const best = isOne
    ? { bytes: first.bytes, reasons: new Map<ObjectStore, string>() }
    : await findBest(ports, packId, held);
  const wrong = copies.flatMap(({ store, bytes, withheld: kept, failure }) => {
    if (failure !== undefined || kept?.unread === true) return [];
    const reason = bytes === undefined ? (kept?.reason ?? missingReason) : best.reasons.get(store);
    return reason === undefined ? [] : [{ store, reason }];
  });
  const done = await giveTo(ports, packId, best.bytes, {
    wrong: mend ? wrong : [],
    sources: held.map(({ store }) => store),
  });
  const unmended = mend ? done.unmended : wrong.map(({ store, reason }) => ({ store: nameOf(store), reason }));
  return { bytes: best.bytes, withheld, mended: done.mended, unmended };
}

/** Does not use the index. @returns undefined if the pack is whole */
export async function checkAlone(
  { cell, pool }: Pick<SettlePorts, "cell" | "pool">,
  packId: PackId,
  bytes: Uint8Array,
): Promise<string | undefined> {
  const known = await describePack(cell, packId, [bytes]);
  if (known === undefined) return "the pack's header and footer are damaged";
  const finding = await scrubPackInPool(pool, { pack: Uint8Array.from(bytes), packId, ...known });
  return finding.footer ?? finding.faults.find((fault) => fault !== undefined);
}

export const missingReason = "the pack is missing";
const storeAway: Withheld = { reason: "one of its two stores is unavailable", unread: true };

interface CopyRead {
  readonly store: ObjectStore;
  readonly bytes?: Uint8Array;
  readonly withheld?: Withheld;
  readonly failure?: HoldfastError;
}

async function readCopy({ cell, signal }: SettlePorts, store: ObjectStore, packId: PackId): Promise<CopyRead> {
  try {
    const pack = await getPack({ store, keyring: cell.keyring }, packId, signal);
    if (pack === undefined) return { store };
    return pack instanceof Uint8Array ? { store, bytes: pack } : { store, withheld: pack };
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== "unavailable") throw error;
    return { store, failure: error };
  }
}

/** Finds the best of different copies. A copy that is as good as the best is not replaced. */
async function findBest(
  ports: SettlePorts,
  packId: PackId,
  held: readonly (CopyRead & { readonly bytes: Uint8Array })[],
): Promise<{ bytes: Uint8Array; reasons: Map<ObjectStore, string> }> {
  const known = await describePack(
    ports.cell,
    packId,
    held.map(({ bytes }) => bytes),
  );
  const reasons = new Map<ObjectStore, string>();
  const [first] = held;
  if (first === undefined || known === undefined) return { bytes: first?.bytes ?? new Uint8Array(0), reasons };
  const check = async (bytes: Uint8Array): Promise<CheckedCopy> => {
    const input = { pack: Uint8Array.from(bytes), packId, epoch: known.epoch, key: known.key, rows: known.rows };
    return { bytes, finding: await scrubPackInPool(ports.pool, input) };
  };
  const checked: CheckedCopy[] = [];
  for (const { bytes } of held) checked.push(await check(bytes));
  const [one, other] = checked;
  let best = one ?? (await check(first.bytes));
  if (other !== undefined) {
    const merged = mergePacks(best, other, known.rows);
    best = betterOf(betterOf(best, other), merged === undefined ? best : await check(merged));
  }
  for (const [index, { store }] of held.entries()) {
    const copy = checked[index];
    if (copy !== undefined && betterOf(copy, best) !== copy) reasons.set(store, reasonOf(copy.finding));
  }
  return { bytes: best.bytes, reasons };
}

function reasonOf({ footer, faults }: ScrubFinding): string {
  return footer ?? faults.find((fault) => fault !== undefined) ?? "it differs from the copy in the other store";
}

interface KnownPack {
  readonly epoch: number;
  readonly key: Uint8Array;
  readonly rows: readonly ScrubRow[];
}

async function describePack(
  cell: BlockCell,
  packId: PackId,
  copies: readonly Uint8Array[],
): Promise<KnownPack | undefined> {
  for (const bytes of copies) {
    const known = await describeItself(cell, packId, bytes);
    if (known !== undefined) return known;
  }
  const { rows } = await sql<ScrubRow & { epoch: number }>`
    select pack.epoch, hash, record_index as index, "offset" as start, stored_size as "storedSize", block.size as "sizeBytes", codec,
      false as damaged
    from cell.packs as pack join cell.blocks as block on block.pack_id = pack.id
    where pack.id = ${packId}::uuid order by record_index`.execute(cell.db);
  const [row] = rows;
  if (row === undefined) return undefined;
  return { epoch: row.epoch, key: packKeyOf((await cell.keyring.keyOf(row.epoch)).key, packId), rows };
}

async function describeItself(cell: BlockCell, packId: PackId, bytes: Uint8Array): Promise<KnownPack | undefined> {
  try {
    const { epoch, footerLength } = parseHeader(bytes, bytes.length);
    const key = packKeyOf((await cell.keyring.keyOf(epoch)).key, packId);
    const footer = bytes.subarray(bytes.length - footerLength);
    const { header, entries, offsets } = openFooter(bytes, footer, bytes.length, { packId, key });
    const rows = entries.map(({ hash, sizeBytes, codec }, index): ScrubRow => {
      const storedSize = header.storedLengths[index] ?? 0;
      return { hash, sizeBytes, codec, index, start: offsets[index] ?? 0, storedSize, damaged: false };
    });
    return { epoch, key, rows };
  } catch (error) {
    // Damaged, or an unknown epoch.
    if (error instanceof HoldfastError && (error.code === "damaged" || error.code === "failed")) return undefined;
    throw error;
  }
}

/** Does not restore a pack that is being deleted. A copy still owed is not damage. */
async function giveTo(
  { cell, signal }: SettlePorts,
  packId: PackId,
  bytes: Uint8Array,
  { wrong, sources }: { readonly wrong: readonly WrongCopy[]; readonly sources: readonly ObjectStore[] },
): Promise<Pick<SettledPack, "mended" | "unmended">> {
  const key = packKey(packId);
  const options = signal === undefined ? {} : { signal };
  const owed = wrong.length === 0 ? [] : await debtsOf(cell.db, key);
  const mended: MendedCopy[] = [];
  const unmended: MendedCopy[] = [];
  for (const { store, reason } of owed.some(({ deed }) => deed === "delete") ? [] : wrong) {
    const isLate = reason === missingReason && owed.some((debt) => debt.store === nameOf(store));
    try {
      await store.put(key, bytes, options);
      const source = sources.find((each) => each !== store) ?? store;
      if ((await source.stat(key, options)) === undefined) await store.delete(key, options);
      else if (!isLate) mended.push({ store: nameOf(store), reason });
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      unmended.push({ store: nameOf(store), reason: `${reason}; it could not be repaired: ${error.code}` });
    }
  }
  return { mended, unmended };
}

interface WrongCopy {
  readonly store: ObjectStore;
  readonly reason: string;
}

/** Index: owed_key. */
async function debtsOf(db: Kysely<CellTables>, key: string): Promise<{ store: string; deed: "copy" | "delete" }[]> {
  return db.selectFrom("cell.owed").select(["store", "deed"]).where("key", "=", key).execute();
}
