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

/** Code under test that ends the process with 0 would end all tests after it as if they had passed. Programs that a test starts may do so. */
function forbidExit(): void {
  const exit = process.exit.bind(process);
  process.exit = (code) => {
    console.error(new Error(`The process of the tests was ended with ${code ?? 0}, before its tests.`));
    return exit(Number(code ?? 0) || 1);
  };
}

limitFile();
if (isMainThread && /\.test\.m?[jt]s$/.test(process.argv[1] ?? "")) forbidExit();
