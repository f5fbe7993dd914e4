import { spawn } from "node:child_process";

/** Keeps a core busy until the parent process ends. */
const script = `const parent = process.ppid;
const work = () => {
  const endMs = performance.now() + 100;
  while (performance.now() < endMs);
  if (process.ppid === parent) setImmediate(work);
};
work();`;

/** Starts computing processes to simulate a busy machine. @returns a function that ends them */
export function startBusyProcesses(count: number): () => void {
  const children = Array.from({ length: count }, () => spawn(process.execPath, ["-e", script], { stdio: "ignore" }));
  return () => {
    for (const child of children) child.kill("SIGKILL");
  };
}
