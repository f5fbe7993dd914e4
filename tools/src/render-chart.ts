import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const helm = resolve(import.meta.dirname, "../../deploy/helm");

/** Names of the files in `deploy/helm/examples`, each with its manifests in `deploy/helm/rendered`. */
export const chartExamples: readonly string[] = ["cluster", "full", "single"];

export function readRendered(example: string): string {
  return readFileSync(renderedPath(example), "utf8");
}

/** First line of the manifests. Shows without Helm that they were made from these files. */
export function digestLine(example: string): string {
  const files = globSync("holdfast/**", { cwd: helm })
    .filter((path) => statSync(join(helm, path)).isFile())
    .toSorted();
  const hash = createHash("sha256");
  for (const path of [...files, `examples/${example}.yaml`]) {
    const bytes = readFileSync(join(helm, path));
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return `# holdfast chart ${hash.digest("hex")}`;
}

/** @throws if Helm is missing or rejects the values */
export function renderChart(example: string, options: readonly string[] = [], release = "drive"): string {
  const values = join(helm, `examples/${example}.yaml`);
  const words = ["template", release, join(helm, "holdfast"), "--namespace", "holdfast", "--kube-version", "1.34.0"];
  const manifests = execFileSync("helm", [...words, "--values", values, ...options], {
    encoding: "utf8",
    stdio: "pipe",
  });
  return `${digestLine(example)}\n${manifests}`;
}

function renderedPath(example: string): string {
  return join(helm, `rendered/${example}.yaml`);
}

if (import.meta.main) for (const example of chartExamples) writeFileSync(renderedPath(example), renderChart(example));
