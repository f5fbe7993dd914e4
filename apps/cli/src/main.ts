// Before anything uses the pool of threads: `get` waits for the disk in as many threads as it writes files at once; a server writes
// few, large objects.
process.env["UV_THREADPOOL_SIZE"] ??= process.argv[2] === "serve" ? "8" : "32";
const { run } = await import("./run.ts");
process.exitCode = await run(process.argv.slice(2));
