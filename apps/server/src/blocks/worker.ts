/** The module that each thread of the server's pool loads: the codec's tasks, and those that seal and open packs. */
import { buffersOf, task } from "@holdfast/codec/task";
import { checkPack, openRecords, sealPack } from "./pack.ts";
import type { PackId } from "./pack-format.ts";
import { verifySlab } from "./slab.ts";

export * from "@holdfast/codec/worker";

export const verifySlabTask = task(verifySlab, (slab) => [slab]);
export const sealTask = task(sealPack, (pack) => [pack.buffer]);
export const openTask = task(openRecords, (payloads) => buffersOf(payloads.filter((each) => each !== undefined)));
export const checkPackTask = task(({ pack, packId, key }: { pack: Uint8Array; packId: PackId; key: Uint8Array }) =>
  checkPack(pack, { packId, key }),
);
