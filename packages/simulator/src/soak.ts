import { type ChildProcess, fork } from "node:child_process";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { HoldfastError } from "@holdfast/core/errors";
import { z } from "zod";
import type { Finding } from "./soak-worker.ts";

const folder = ".soak";
const tallyPath = `${folder}/tally.json`;
const reportEveryMs = 10_000;
/** A story takes 0.1 s and shrinking a minute or two. Anything longer loops forever. */
const giveUpMs = 900_000;

const tallySchema = z.object({
  /** All seeds below are done. */
  next: z.number().int().nonnegative(),
  told: z.number().int().nonnegative(),
  seconds: z.number().nonnegative(),
  findings: z.array(z.object({ seed: z.number(), violations: z.array(z.string()), prose: z.string() })),
});
type Tally = z.infer<typeof tallySchema>;
type Outcome = Finding & { readonly isEndless?: true };

/**
 * `npm run soak -- --seeds N [--from M] [--fresh]`: runs N simulator stories on all cores, continues after the last
 * run, and stores findings in .soak/tally.json. Exit code 1 if a story of this run broke an invariant.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string" },
    fresh: { type: "boolean", default: false },
    workers: { type: "string", default: String(availableParallelism()) },
  },
});
process.exitCode = await soak(await readTally(values.fresh));

async function soak(tally: Tally): Promise<number> {
  const first = values.from === undefined ? tally.next : Number(values.from);
  const end = first + Number(values.seeds);
  const startMs = Date.now();
  const before = { ...tally };
  const begun = new Set<number>();
  const found: Finding[] = [];
  let next = first;
  let count = 0;
  let kept = Promise.resolve();
  const keep = (): Promise<void> => {
    const seconds = before.seconds + (Date.now() - startMs) / 1000;
    const lowest = Math.min(next, ...begun);
    Object.assign(tally, { next: Math.max(before.next, lowest), told: before.told + count, seconds });
    // Serialized, because several workers may have findings at the same time.
    kept = kept.then(() => writeTally(tally));
    return kept;
  };
  let lastMs = startMs;
  const run = async (): Promise<void> => {
    let worker = startWorker();
    while (next < end) {
      const seed = next;
      next += 1;
      begun.add(seed);
      const finding = await ask(worker, seed);
      if (finding?.isEndless === true) worker = startWorker();
      begun.delete(seed);
      count += 1;
      if (finding !== undefined) {
        found.push(finding);
        tally.findings.push({ seed, violations: [...finding.violations], prose: finding.prose });
        printFinding(finding);
      }
      if (finding === undefined && Date.now() - lastMs < reportEveryMs) continue;
      lastMs = Date.now();
      await keep();
      console.log(`${count} of ${end - first} stories, ${(count / ((lastMs - startMs) / 1000)).toFixed(1)} a second`);
    }
    worker.disconnect();
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, run));
  await keep();
  const seconds = (Date.now() - startMs) / 1000;
  console.log(
    `${count} stories in ${seconds.toFixed(0)} s (${(count / seconds).toFixed(1)} a second), ${found.length} broke an invariant.`,
  );
  console.log(
    `In all ${tally.told} stories, ${(tally.seconds / 3600).toFixed(2)} hours, ${tally.findings.length} findings: ${tallyPath}`,
  );
  return found.length === 0 ? 0 : 1;
}

function startWorker(): ChildProcess {
  return fork(new URL("soak-worker.ts", import.meta.url));
}

/** Returns the worker's finding, or that the story is endless; its process is then killed. */
function ask(worker: ChildProcess, seed: number): Promise<Outcome | undefined> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void =>
      reject(new HoldfastError("failed", `Seed ${seed} ended its process with ${code}.`));
    const timer = setTimeout(() => {
      worker.off("exit", onExit);
      worker.removeAllListeners("message").kill("SIGKILL");
      resolve({ seed, violations: [`no end in ${giveUpMs / 1000} s`], prose: "", isEndless: true });
    }, giveUpMs);
    worker.once("exit", onExit);
    worker.once("message", ({ finding }: { finding?: Finding }) => {
      clearTimeout(timer);
      worker.off("exit", onExit);
      resolve(finding);
    });
    worker.send(seed);
  });
}

function printFinding({ seed, violations, prose }: Finding): void {
  console.log(`\nSeed ${seed}: ${violations.join("; ")}\n${prose}`);
  console.log(`To tell it again: npm run soak -- --from ${seed} --seeds 1\n`);
}

async function readTally(isFresh: boolean): Promise<Tally> {
  const blank: Tally = { next: 0, told: 0, seconds: 0, findings: [] };
  if (isFresh) return blank;
  try {
    return tallySchema.parse(JSON.parse(await readFile(tallyPath, "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return blank;
    throw error;
  }
}

/** Writes atomically, so that a stopped run loses nothing. */
async function writeTally(tally: Tally): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(`${tallyPath}.new`, `${JSON.stringify(tally, undefined, 2)}\n`);
  await rename(`${tallyPath}.new`, tallyPath);
}
