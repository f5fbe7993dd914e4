import { getPack } from "../../packs/read/get-pack.ts";
import type { Withheld } from "../../packs/read/get-pack.ts";
import { type PackId, packKey } from "../../packs/format/pack-format.ts";
import { type SettlePorts, settlePack } from "../../packs/repair/settle-pack.ts";
import { oweFound } from "../../packs/copies/debts.ts";
import { packFault } from "./whole-pack.ts";

export interface ReadPack {
  readonly bytes: Uint8Array;
  readonly fault: string | undefined;
}

/**
 * After a fault, the other of two stores may have a whole copy. Does not repair the stores, but records a debt for the
 * server.
 * @param now microseconds since 1970
 * @returns undefined if an available store does not have the pack
 */
export async function readPack(
  { cell, pool, signal }: SettlePorts,
  id: PackId,
  now: number,
): Promise<ReadPack | Withheld | undefined> {
  const faultOf = (bytes: Uint8Array) => packFault(pool, (epoch) => cell.keyring.keyOf(epoch), id, bytes);
  const first = await getPack(cell, id, signal);
  if (first === undefined) return undefined;
  if (first instanceof Uint8Array && (await faultOf(first)) === undefined) return { bytes: first, fault: undefined };
  const { bytes, withheld, unmended } = await settlePack({ cell, pool, signal }, id, { mend: false });
  const sizeBytes = bytes?.length ?? 0;
  await oweFound(
    cell.db,
    unmended.map(({ store }) => ({ store, key: packKey(id), deed: "copy", sizeBytes })),
    now,
  );
  return bytes === undefined ? withheld : { bytes, fault: await faultOf(bytes) };
}
