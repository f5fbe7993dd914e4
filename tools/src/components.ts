import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";

/** If "1", a test without its program fails instead of being skipped. */
const requireVariable = "HOLDFAST_REQUIRE_COMPONENTS";

/**
 * Returns true if the program `name` (such as "radosgw") is on PATH. Otherwise the test is marked as skipped and the
 * caller returns. If components are required (continuous integration), throws instead, so that nothing is skipped
 * there.
 *
 *     if (!requireComponent(t, "radosgw")) return;
 */
export function requireComponent(t: Pick<TestContext, "skip">, name: string): boolean {
  if (findProgram(name) !== undefined) return true;
  if (process.env[requireVariable] === "1") {
    throw new HoldfastError("failed", `${name} is not installed and ${requireVariable}=1: install it (see .ci/run).`);
  }
  t.skip(`${name} is not installed`);
  return false;
}

/** Returns the full path of an executable on PATH, or undefined. Also searches sbin for daemons, which may be outside of PATH. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find(isExecutableFile);
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
