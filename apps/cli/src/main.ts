import { homedir } from "node:os";
import { configFolder } from "./config/config-folder.ts";
import { resolveFaster } from "./config/module-resolution.ts";
import { takeFirstSignals } from "./invocation/first-signals.ts";

if (process.argv[2] === "sync") takeFirstSignals(process.argv);
// Set before the thread pool is used. `get` needs a thread for each concurrently written file; a server writes few,
// large objects.
process.env["UV_THREADPOOL_SIZE"] ??= process.argv[2] === "serve" ? "8" : "32";
resolveFaster();
if (process.argv[2] !== "serve") {
  const { keepCompiledCode } = await import("./config/compiled-code.ts");
  keepCompiledCode(configFolder({ platform: process.platform, homeFolder: homedir(), environment: process.env }));
}

const { run } = await import("./run.ts");
process.exitCode = await run(process.argv.slice(2));
