import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { syncOnce } from "./sync-once.ts";

const [server, folder] = process.argv.slice(2);
const { HOLDFAST_TOKEN: token, TOY_DEVICE: device = hostname() } = process.env;
if (server === undefined || folder === undefined || token === undefined) {
  console.error("usage: HOLDFAST_TOKEN=… node main.ts SERVER FOLDER");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const { changes, problems } = await syncOnce({ server, token, folder, device });
console.log([`${changes} changes`, ...problems].join("\n"));
process.exitCode = problems.length === 0 ? 0 : 1;
