/** Runs with a folder argument: puts objects into a store on the real disk and prints each acknowledged one. */
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { openFsStore } from "./fs-store.ts";

const [, , folder = ""] = process.argv;
const store = await openFsStore({ disk: nodeDisk, folder, random: randomBytes, nowMs: () => Date.now() });
for (const key of ["keyring", "packs/aa/1", "packs/aa/2", "packs/bb/3", "keyring"]) {
  await store.put(key, [randomBytes(5000), randomBytes(5000)]);
  writeSync(1, `${key}\n`);
}
