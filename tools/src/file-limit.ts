import { isMainThread } from "node:worker_threads";

/**
 * Loaded before each test file. The runner's timeout counts for each test, and ends no file whose tests are done while a connection, a
 * timer or a process keeps it: this ends it, and says what kept it.
 */
const timeoutMs = Number(process.env["TEST_FILE_TIMEOUT_MS"]);
const exit = process.exit.bind(process);
let limit: NodeJS.Timeout | undefined;

/**
 * Starts the time limit.
 * @param what is ended when it is over
 * @param mostMs if that is less than a file has
 */
export function limitFile(what = "The file", mostMs = Infinity): void {
  if (!isMainThread || !(timeoutMs > 0)) return;
  const limitMs = Math.min(timeoutMs, mostMs);
  clearTimeout(limit);
  limit = setTimeout(() => {
    const kept = process.getActiveResourcesInfo().join(", ");
    console.error(`${what} is ended after ${limitMs / 1000} s. It was kept by: ${kept}`);
    exit(1);
  }, limitMs).unref();
}

/** Without this, code under test that exits with 0 would end all later tests as if they had passed. Programs that a test starts may exit. */
function failOnExit(): void {
  process.exit = (code) => {
    console.error(new Error(`process.exit(${code ?? 0}) was called before all tests had finished.`));
    return exit(Number(code ?? 0) || 1);
  };
}

limitFile();
if (isMainThread && /\.test\.m?[jt]s$/.test(process.argv[1] ?? "")) failOnExit();
