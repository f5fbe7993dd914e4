import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { assertWanted } from "@holdfast/object-store/call-signal";
import { withoutRows } from "./adopt-orphans.ts";
import { scrubPackInPool } from "../format/block-tasks.ts";
import type { CheckPorts } from "./check-stored-pack.ts";
import { listPacks } from "../index/list-packs.ts";
import type { ListedPack } from "../index/list-packs.ts";
import { readPackIndex, rowsOfIndex } from "../index/pack-index.ts";
import type { ScrubFindings } from "./scrub-findings.ts";
import { packKeyOf } from "../format/seal.ts";
import { settlePack } from "./settle-pack.ts";

/** Reads packs that are missing from the index: orphans, and packs of a lost index. */
export async function scrubUnknownPacks(ports: CheckPorts, findings: ScrubFindings): Promise<void> {
  for await (const listed of listPacks(ports.cell.store, ports.signal)) {
    for (const pack of await withoutRows(ports.cell.db, listed)) {
      assertWanted(ports.signal);
      const faults = await faultsOf(ports, pack, findings);
      if (faults !== undefined) await findings.addUnknownPack(pack.packId, faults);
    }
  }
}

/** @returns undefined for a pack that disappeared since it was listed */
async function faultsOf(
  { cell, pool, signal }: CheckPorts,
  listed: ListedPack,
  findings: ScrubFindings,
): Promise<{ hash: HashHex | null; reason: string }[] | undefined> {
  const { packId } = listed;
  const { bytes: pack, withheld, mended } = await settlePack({ cell, pool, signal }, packId);
  for (const { store, reason } of mended) findings.addMended(packId, { store, reason });
  if (pack === undefined) return withheld === undefined ? undefined : [{ hash: null, reason: withheld.reason }];
  try {
    const { epoch, blocks } = rowsOfIndex(await readPackIndex(cell, listed), listed.sizeBytes);
    const { key } = await cell.keyring.keyOf(epoch);
    const rows = blocks.map(({ hash, recordIndex: index, offset: start, storedSize, sizeBytes, codec }) => {
      return { hash, index, start, storedSize, sizeBytes, codec, damaged: false };
    });
    const { faults } = await scrubPackInPool(pool, { pack, packId, epoch, key: packKeyOf(key, packId), rows });
    return rows.flatMap(({ hash }, index) => {
      const reason = faults[index];
      return reason === undefined ? [] : [{ hash: Buffer.from(hash).toString("hex") as HashHex, reason }];
    });
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== "damaged") throw error;
    return [{ hash: null, reason: error.message }];
  }
}
