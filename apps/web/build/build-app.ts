import { constants, setPriority } from "node:os";
import { webRoot } from "./vite-config.ts";
import { writeApp } from "./write-app.ts";

/**
 * `npm run build -w apps/web`: builds the app into its place and says where that is. A server that builds holds our
 * input open (`--while-asked`) and ends it when it ends itself, however it does.
 */
if (process.argv.includes("--while-asked")) {
  setPriority(constants.priority.PRIORITY_LOW);
  process.stdin.on("close", () => process.exit(1)).resume();
}
process.env["NODE_ENV"] = "production";
const folder = await writeApp(webRoot);
process.stdout.write(`${folder}\n`, () => process.exit(0));
