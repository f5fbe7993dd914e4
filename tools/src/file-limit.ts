import { isMainThread } from "node:worker_threads";

/**
 * Loaded before each test file. The runner's timeout applies to each test, and does not end a finished file that a
 * connection, timer or process keeps alive. This ends it and reports the reason.
 */
const timeoutMs = Number(process.env["TEST_FILE_TIMEOUT_MS"]);
const exit = process.exit.bind(process);
let limit: NodeJS.Timeout | undefined;

/**
 * @param what name of the limited item
 * @param mostMs shorter limit than a file's
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

/**
 * Fails on exit, because code under test that exits with 0 would make all later tests look passed. Programs started by
 * a test may exit.
 */
function failOnExit(): void {
  process.exit = (code) => {
    console.error(new Error(`process.exit(${code ?? 0}) was called before all tests had finished.`));
    return exit(Number(code ?? 0) || 1);
  };
}

limitFile();
if (isMainThread && /\.test\.m?[jt]s$/.test(process.argv[1] ?? "")) failOnExit();
