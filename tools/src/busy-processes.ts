import { spawn } from "node:child_process";

/** Keeps a core busy, and ends when the process that started it has ended. */
const script = `const parent = process.ppid;
const work = () => {
  const endMs = performance.now() + 100;
  while (performance.now() < endMs);
  if (process.ppid === parent) setImmediate(work);
};
work();`;

/** Starts processes that compute, so that tests run as on a busy machine. @returns ends them */
export function startBusyProcesses(count: number): () => void {
  const children = Array.from({ length: count }, () => spawn(process.execPath, ["-e", script], { stdio: "ignore" }));
  return () => {
    for (const child of children) child.kill("SIGKILL");
  };
}
