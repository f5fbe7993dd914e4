import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";

export const head = 'import { test } from "node:test";\n';
export const passing = `${head}test("a stone holds", () => {});`;
export const failing = `${head}test("a stone breaks", () => { throw new Error("broken"); });`;

interface Answer {
  status: number | null;
  output: string;
}

interface Setting {
  readonly HOLDFAST_REQUIRE_COMPONENTS?: string;
  readonly HOLDFAST_TEST_LOCK?: string;
  readonly HOLDFAST_SEED?: string;
}

export function runTests(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  args: string[],
  set: Setting = {},
): Answer {
  const { root, script, environment } = makeTree(t, files);
  const answer = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    env: { ...environment, ...set },
    encoding: "utf8",
  });
  return { status: answer.status, output: answer.stdout + answer.stderr };
}

interface Tree {
  readonly root: string;
  readonly script: string;
  readonly environment: NodeJS.ProcessEnv;
}

export function makeTree(t: TestContext, files: Readonly<Record<string, string>>): Tree {
  const root = mkdtempSync(join(tmpdir(), "holdfast-run-tests-"));
  t.after(() => rmSync(root, { recursive: true }));
  const script = join(root, "tools/src/run-tests.ts");
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  mkdirSync(dirname(script), { recursive: true });
  const parts = [
    "run-tests.ts",
    "busy-processes.ts",
    "test-folder.ts",
    "file-times.ts",
    "file-limit.ts",
    "test-batch.ts",
    "test-batches.ts",
    "shared-by-files.ts",
    "test-run-lock.ts",
    "test-runs.ts",
    "test-selection.ts",
    "untracked-promises.ts",
  ];
  for (const name of parts) copyFileSync(join(import.meta.dirname, name), join(dirname(script), name));
  // Without NODE_TEST_CONTEXT, because the runner would refuse to run inside a test. The others belong to the outer
  // run.
  const {
    NODE_TEST_CONTEXT: _,
    INIT_CWD: __,
    HOLDFAST_SEED: ___,
    HOLDFAST_REQUIRE_COMPONENTS: ____,
    HOLDFAST_TEST_SPAWN: _____,
    ...environment
  } = process.env;
  return { root, script, environment: { ...environment, HOME: root } };
}
