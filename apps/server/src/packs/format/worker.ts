import { buffersOf, task } from "@holdfast/codec/task";
import { checkPack } from "./pack-check.ts";
import { openRecords } from "./pack.ts";
import type { OpenInput, SealInput } from "./pack.ts";
import { sealAndCheck } from "./seal-and-check.ts";
import { verifySlab } from "./slab.ts";

export * from "@holdfast/codec/worker";

export const verifySlabTask = task(verifySlab, ({ slab }) => [slab]);
export const sealTask = task(
  (input: SealInput) => sealAndCheck(input),
  ({ pieces, slabs }) => [...new Set([...buffersOf(pieces), ...slabs])],
);
export const openTask = task(
  (input: OpenInput) => ({ payloads: openRecords(input), bytes: input.bytes }),
  ({ payloads, bytes }) => buffersOf([bytes, ...payloads.filter((each) => each !== undefined)]),
);
export const scrubPackTask = task(checkPack);
