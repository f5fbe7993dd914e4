import { HoldfastError } from "@holdfast/core/errors";
import { callsMax } from "./crash-every-call.ts";
import type { CrashOptions, CrashScenario } from "./crash-every-call.ts";
import { seededRandom } from "./seeded-random.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

const errnos = ["EIO", "ENOSPC"] as const;

/**
 * Lets each call of the work fail on a simulated disk, cuts the power when the work reports its result, and checks
 * acknowledged data. Repeats that with a retry, which must succeed on the recovered disk.
 * @returns number of calls
 */
export async function failEveryCall<Notes>(scenario: CrashScenario<Notes>, options: CrashOptions): Promise<number> {
  const { seed, randomOutcomes = 1 } = options;
  const randoms = Array.from({ length: randomOutcomes }, (_, number) => seededRandom(seed + number));
  for (let call = 1; call <= callsMax; call += 1) {
    let wasReached = false;
    for (const random of [() => 0.99, ...randoms]) {
      for (const errno of errnos) {
        for (const triesAgain of [false, true]) {
          wasReached = await failOnce(scenario, { call, errno, triesAgain, random, seed });
        }
      }
    }
    if (!wasReached) return call - 1;
  }
  throw new Error(`The work makes more than ${callsMax} calls; testing each of them would take too long.`);
}

interface OneFailure {
  readonly call: number;
  readonly errno: (typeof errnos)[number];
  readonly triesAgain: boolean;
  readonly random: () => number;
  readonly seed: number;
}

/** @returns true if the work made that call */
async function failOnce<Notes>(
  scenario: CrashScenario<Notes>,
  { call, errno, triesAgain, random, seed }: OneFailure,
): Promise<boolean> {
  let left = Infinity;
  let failed = "no call";
  const disk = new SimulatedDisk({
    onCall({ name, path }) {
      left -= 1;
      if (left !== 0) return undefined;
      failed = `${name} ${path}`;
      return errno;
    },
  });
  await scenario.prepare?.(disk);
  disk.syncAll();
  const notes = scenario.makeNotes();
  left = call;
  let wasReached = false;
  try {
    await reported(() => scenario.work(disk, notes));
    wasReached = left <= 0;
    left = Infinity;
    if (triesAgain) await scenario.work(disk, notes);
    disk.crash(random);
    await scenario.check(disk, notes);
  } catch (cause) {
    const when = triesAgain ? "and the work tried again" : "and nothing tried again";
    throw new Error(`Broken by: ${failed} (call ${call}) failed with ${errno}, ${when} (seed ${seed}).`, { cause });
  }
  return wasReached;
}

/** Any error except a HoldfastError is a bug. */
async function reported(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
  }
}
