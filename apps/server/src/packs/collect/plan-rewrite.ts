import type { HashHex } from "@holdfast/core/ids";
import { fromHashHex } from "@holdfast/core/hash";
import { tagBytes } from "../format/pack-format.ts";
import type { PackId } from "../format/pack-format.ts";
import type { PackRecord } from "../format/pack.ts";
import { findPlaces } from "../index/block-rows.ts";
import type { BlockPlace } from "../index/block-rows.ts";
import type { CollectPorts } from "./collect-ports.ts";
import type { SlabBlock } from "../format/slab.ts";
import { readCopy } from "./read-copy.ts";
import type { LiveRecords } from "./read-live-records.ts";

/** A row to remove, with the pack that will contain its block. */
export interface Move {
  readonly hash: HashHex;
  readonly from: PackId;
  /** undefined: the new pack. */
  readonly to: PackId | undefined;
}

export interface RewritePlan {
  readonly slabs: readonly ArrayBuffer[];
  readonly records: readonly PackRecord[];
  readonly moves: readonly Move[];
}

/**
 * Merges copies only if bytes and codec are equal, so that each space is served what it sent
 * (docs/decisions/133-merge-only-identical-copies.md). Another form of the same hash stays in place.
 */
export async function planRewrite(ports: CollectPorts, packs: readonly LiveRecords[]): Promise<RewritePlan> {
  const sources = new Set(packs.map(({ packId }) => packId));
  const first = new Map<HashHex, { readonly record: SlabBlock; readonly slab: number }>();
  const moves: Move[] = [];
  for (const [slab, { packId: from, records }] of packs.entries()) {
    const elsewhere = await findElsewhere(ports, sources, records);
    for (const record of records) {
      const { hash } = record;
      const known = first.get(hash);
      if (known !== undefined) {
        if (isSame(record, payloadIn(packs, slab, record), known.record, payloadIn(packs, known.slab, known.record)))
          moves.push({ hash, from, to: undefined });
        continue;
      }
      const other = await findSame(ports, record, payloadIn(packs, slab, record), elsewhere.get(hash) ?? []);
      if (other === undefined) first.set(hash, { record, slab });
      moves.push({ hash, from, to: other });
    }
  }
  return {
    slabs: packs.map(({ slab }) => slab),
    records: [...first.values()].map(({ record, slab }) => {
      const { hash, size: sizeBytes, codec, start, length } = record;
      return { hash: fromHashHex(hash), sizeBytes, codec, slab, start, length };
    }),
    moves,
  };
}

async function findElsewhere(
  { cell }: CollectPorts,
  sources: ReadonlySet<PackId>,
  records: readonly SlabBlock[],
): Promise<Map<HashHex, BlockPlace[]>> {
  const hashes = records.map(({ hash }) => hash);
  const places = await findPlaces(cell.db, undefined, hashes, ["live"]);
  return new Map([...places].map(([hash, all]) => [hash, all.filter(({ packId }) => !sources.has(packId))]));
}

async function findSame(
  ports: CollectPorts,
  record: SlabBlock,
  payload: Uint8Array,
  places: readonly BlockPlace[],
): Promise<PackId | undefined> {
  for (const place of places) {
    if (place.codec !== record.codec || place.storedSize !== record.length + tagBytes) continue;
    const other = await readCopy(ports, place);
    if (other !== undefined && Buffer.compare(payload, other) === 0) return place.packId;
  }
  return undefined;
}

function isSame(left: SlabBlock, leftPayload: Uint8Array, right: SlabBlock, rightPayload: Uint8Array): boolean {
  return left.codec === right.codec && Buffer.compare(leftPayload, rightPayload) === 0;
}

function payloadIn(packs: readonly LiveRecords[], slab: number, { start, length }: SlabBlock): Uint8Array {
  return new Uint8Array(packs[slab]?.slab ?? new ArrayBuffer(0), start, length);
}
