/** Writes a file durably and prints a message, without the step named by its argument. */
import { closeSync, fdatasync, fsyncSync, futimesSync, openSync, promises as fs, renameSync, writeSync } from "node:fs";
import { promisify } from "node:util";

const [, , folder = "", omitted = ""] = process.argv;
const step = async (name: string, act: () => unknown): Promise<void> => {
  if (name !== omitted) await act();
};

await fs.mkdir(`${folder}/inner`);
await step("sync of the outer folder", () => syncFolder(folder));
const file = openSync(`${folder}/inner/new`, "wx");
writeSync(file, "bytes");
await step("fdatasync", () => promisify(fdatasync)(file));
futimesSync(file, 1, 1);
await step("fsync", () => fsyncSync(file));
closeSync(file);
renameSync(`${folder}/inner/new`, `${folder}/inner/final é`);
await step("sync of the folder", () => syncFolder(`${folder}/inner`));
writeSync(1, "durable\n");
await fs.unlink(`${folder}/old`);

async function syncFolder(path: string): Promise<void> {
  const handle = await fs.open(path);
  await handle.sync();
  await handle.close();
}
