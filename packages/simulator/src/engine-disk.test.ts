import { nameKey } from "@holdfast/core/names";
import { testLocalDisk } from "@holdfast/sync-ports/local-disk-conformance";
import { makeEngineDisk } from "./engine-disk.ts";
import { SimulatedRoot } from "./simulated-root.ts";

const nothing = (): void => undefined;
const watching = { dropping: nothing, copied: nothing, shown: nothing, replacing: nothing, opening: nothing };
const nobody = { before: async () => {}, after: async () => {}, ...watching };

testLocalDisk("simulated disk", async () => {
  let micros = 0;
  const nowMicros = (): number => (micros += 1000);
  return makeEngineDisk(new SimulatedRoot({ nowMicros, skewMicros: () => 0, key: nameKey, isDurable: true }), nobody);
});
