/** Runs with a folder argument: executes the promises of the engine's disk port and prints each step. */
import { writeSync } from "node:fs";
import { startCodecPool } from "@holdfast/codec/pool";
import { noise, partsOf } from "@holdfast/sync-ports/local-disk-conformance";
import { openSyncedFolder } from "./open-synced-folder.ts";

const [, , root = ""] = process.argv;
const pool = startCodecPool({ threads: 1 });
const disk = openSyncedFolder(root, { pool });
const attributes = { mtimeNs: 1_000_000_007n, executable: false } as const;
const say = (step: string): void => void writeSync(1, `${step}\n`);

await disk.mkdir("inner");
await disk.syncFolder("");
await disk.create("inner/small", partsOf(noise(9000, 1)), attributes);
await disk.create("inner/large", partsOf(noise(3_000_000, 2)), attributes);
say("created");
await disk.syncFile("inner/small");
say("small file synced");
await disk.syncFile("inner/large");
await disk.rename("inner/small", "inner/a");
await disk.rename("inner/large", "inner/b");
say("named");
await disk.syncFolder("inner");
say("folder synced");
await disk.setExecutable("inner/a", true);
await disk.exchange("inner/a", "inner/b");
await disk.unlink("inner/a");
say("changed");
await disk.syncFile("inner/b");
await disk.syncFolder("inner");
say("change synced");
await disk.create("inner/c", partsOf(noise(9000, 3)), attributes);
say("one more");
await disk.syncAll?.();
say("all synced");
await pool.close();
