// Before anything uses the pool of threads: durable writes of many files wait for the disk in as many threads at once.
process.env["UV_THREADPOOL_SIZE"] ??= "32";
const { run } = await import("./run.ts");
process.exitCode = await run(process.argv.slice(2));
