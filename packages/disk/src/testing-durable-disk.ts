/** Runs with a folder, a module and the name of its disk: executes the promises of the port and prints each step. */
import { writeSync } from "node:fs";
import type { Disk } from "./disk.ts";

const [, , folder = "", module = "", name = ""] = process.argv;
const disk = ((await import(module)) as Record<string, Disk>)[name] as Disk;
const say = (step: string): void => void writeSync(1, `${step}\n`);

await disk.mkdir(`${folder}/inner`);
await disk.syncFolder(folder);
const file = await disk.createFile(`${folder}/inner/a`, { mode: 0o600 });
await file.write([Buffer.alloc(9000, 1), Buffer.alloc(9000, 2)]);
say("written");
await file.datasync();
say("datasynced");
await file.setMode(0o640);
await file.setTimes(981_173_106_123_457n);
say("attributes set");
await file.write(Buffer.alloc(9000, 3));
await file.sync();
await file.close();
say("synced");
await disk.rename(`${folder}/inner/a`, `${folder}/inner/b`);
await disk.link(`${folder}/inner/b`, `${folder}/inner/c`);
await disk.symlink("b", `${folder}/inner/d`);
say("named");
await disk.syncFolder(`${folder}/inner`);
say("folder synced");
await disk.unlink(`${folder}/inner/c`);
say("removed");
await disk.syncFolder(`${folder}/inner`);
say("removal synced");
