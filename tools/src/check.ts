import { spawn } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { text } from "node:stream/consumers";

/**
 * Every check reads the whole tree and changes nothing, so all run concurrently. With several threads, the compiler
 * would check shared types repeatedly.
 */
const checks: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  types: ["tsc", "--singleThreaded", "-p", "."],
  "types of the web app": ["tsc", "--singleThreaded", "-p", "apps/web"],
  lint: ["oxlint", "--deny-warnings", "."],
  format: ["oxfmt", "--check", "."],
  "dead code": ["knip", "--no-progress", "--no-config-hints"],
  architecture: ["node", "tools/src/architecture.ts"],
  lockfile: ["node", "tools/src/lockfile.ts"],
  "named tests": ["node", "tools/src/named-tests.ts"],
};

interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  readonly output: string;
  readonly tookMs: number;
}

const root = resolve(import.meta.dirname, "../..");
const outcomes = await Promise.all(Object.entries(checks).map(([name, command]) => run(name, command)));
for (const { name, output } of outcomes.filter((outcome) => !outcome.passed)) {
  console.log(`── ${name} ──\n${output.trim()}\n`);
}
console.log(outcomes.map(summarize).join("  "));
if (outcomes.some((outcome) => !outcome.passed)) process.exitCode = 1;

async function run(name: string, [command, ...args]: readonly [string, ...string[]]): Promise<Outcome> {
  const startedMs = performance.now();
  const child = spawn(command, args, {
    cwd: root,
    // The tools are scripts with `env node` and must find this Node.
    // The compiler and the linter are written in Go. Without garbage collection below the limit they need two thirds of
    // the time and little more memory.
    env: {
      GOGC: "off",
      GOMEMLIMIT: "3GiB",
      ...process.env,
      PATH: [dirname(process.execPath), join(root, "node_modules/.bin"), process.env["PATH"]].join(":"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<string | undefined>((settle) => {
    child.once("error", (error) => settle(`${command} did not start: ${error.message}. Run 'npm ci'.`));
    child.once("close", (code, signal) => settle(code === 0 ? undefined : `${command} ended with ${code ?? signal}`));
  });
  const [failure, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  const output = `${stdout}${stderr}`.trim() || (failure ?? "");
  return { name, passed: failure === undefined, output, tookMs: performance.now() - startedMs };
}

function summarize({ name, passed, tookMs }: Outcome): string {
  return `${passed ? "✔" : "✖"} ${name} ${(tookMs / 1000).toFixed(1)} s`;
}
