import { isMainThread } from "node:worker_threads";

/**
 * Loaded before each test file. The runner's timeout counts for each test, and ends no file whose tests are done while a connection, a
 * timer or a process keeps it: this ends it, and says what kept it.
 */
const timeoutMs = Number(process.env["TEST_FILE_TIMEOUT_MS"]);
let limit: NodeJS.Timeout | undefined;

/** Begins the time of a file. */
export function limitFile(): void {
  if (!isMainThread || !(timeoutMs > 0)) return;
  clearTimeout(limit);
  limit = setTimeout(() => {
    const kept = process.getActiveResourcesInfo().join(", ");
    console.error(`The file is ended after ${timeoutMs / 1000} s. It was kept by: ${kept}`);
    process.exit(1);
  }, timeoutMs).unref();
}

limitFile();
