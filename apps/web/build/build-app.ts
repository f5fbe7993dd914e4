import { constants, setPriority } from "node:os";
import { webRoot } from "./vite-config.ts";
import { writeApp } from "./write-app.ts";

/**
 * `npm run build -w apps/web`: builds the app and prints the folder's path. With `--while-asked`, the server holds
 * stdin open, and the build exits when the server exits for any reason.
 */
if (process.argv.includes("--while-asked")) {
  setPriority(constants.priority.PRIORITY_LOW);
  process.stdin.on("close", () => process.exit(1)).resume();
}
process.env["NODE_ENV"] = "production";
const folder = await writeApp(webRoot);
process.stdout.write(`${folder}\n`, () => process.exit(0));
