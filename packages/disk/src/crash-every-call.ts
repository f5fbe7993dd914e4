import { makeDeafDisk } from "./deaf-disk.ts";
import type { SyncCall } from "./deaf-disk.ts";
import type { Disk } from "./disk.ts";
import { seededRandom } from "./seeded-random.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

/** Work, and conditions that hold after a power failure at any moment of it. */
export interface CrashScenario<Notes> {
  readonly makeNotes: () => Notes;
  /** Durable content before the work. */
  readonly prepare?: (disk: Disk) => Promise<void>;
  /**
   * Notes each step before it starts and after it is acknowledged. It must make the same calls each time, and be able
   * to resume after a killed run with that run's notes.
   */
  readonly work: (disk: Disk, notes: Notes) => Promise<void>;
  /** Throws if the disk breaks a promise. It may write, because an opening store removes leftovers. */
  readonly check: (disk: Disk, notes: Notes) => Promise<void>;
}

export interface CrashOptions {
  readonly seed: number;
  /** Outcomes per power failure, besides losing and keeping everything. */
  readonly randomOutcomes?: number;
}

/**
 * Cuts the power before and after each call of the work on a simulated disk, and checks the result. Also kills only the
 * process there, resumes it, and cuts the power afterwards.
 * @returns number of calls
 */
export async function crashEveryCall<Notes>(scenario: CrashScenario<Notes>, options: CrashOptions): Promise<number> {
  return crashEach(scenario, options, (disk) => disk);
}

/**
 * Tests the test: omits one sync at a time and expects `crashEveryCall` to fail.
 * @returns omitted syncs that went unnoticed; should be empty
 */
export async function findUnmissedSyncs<Notes>(
  scenario: CrashScenario<Notes>,
  options: CrashOptions,
): Promise<string[]> {
  const syncs: SyncCall[] = [];
  const recorder = await makePrepared(scenario);
  await scenario.work(
    makeDeafDisk(recorder, (call) => syncs.push(call) === 0),
    scenario.makeNotes(),
  );
  const unmissed: string[] = [];
  for (const [left, call] of syncs.entries()) {
    const wrap = (disk: Disk): Disk => {
      let seen = -1;
      return makeDeafDisk(disk, () => (seen += 1) === left);
    };
    if (await passes(() => crashEach(scenario, options, wrap))) unmissed.push(`${left}: ${call.name} ${call.path}`);
  }
  return unmissed;
}

async function crashEach<Notes>(
  scenario: CrashScenario<Notes>,
  { seed, randomOutcomes = 3 }: CrashOptions,
  wrap: (disk: Disk) => Disk,
): Promise<number> {
  const outcomes = [
    () => 0.99,
    () => 0,
    ...Array.from({ length: randomOutcomes }, (_, number) => seededRandom(seed + number)),
  ];
  for (let call = 1; call <= callsMax; call += 1) {
    let finished = false;
    for (const [number, random] of outcomes.entries()) {
      for (const end of ["power cut before", "power cut after", "killed after"] as const) {
        finished = await crashOnce(scenario, { call, end, random, wrap, name: `seed ${seed}, outcome ${number}` });
      }
    }
    if (finished) return call - 1;
  }
  throw new Error(`The work makes more than ${callsMax} calls; testing each of them would take too long.`);
}

/** Limit for endless work and growing numbers of calls. */
export const callsMax = 5000;

interface OneCrash {
  readonly call: number;
  readonly end: "power cut before" | "power cut after" | "killed after";
  readonly random: () => number;
  readonly wrap: (disk: Disk) => Disk;
  readonly name: string;
}

/** @returns true if the work ended before that call */
async function crashOnce<Notes>(
  scenario: CrashScenario<Notes>,
  { call, end, random, wrap, name }: OneCrash,
): Promise<boolean> {
  const disk = await makePrepared(scenario);
  const notes = scenario.makeNotes();
  if (end === "power cut before") disk.crashBeforeCall = disk.callCount + call;
  else disk.crashAfterCall = disk.callCount + call;
  const finished = await runUntilCrash(disk, () => scenario.work(wrap(disk), notes));
  if (end === "killed after") {
    disk.restart();
    await scenario.work(wrap(disk), notes);
  }
  disk.crash(random);
  try {
    await scenario.check(disk, notes);
  } catch (error) {
    throw new Error(`Broken by: ${end} call ${call} (${name}).`, { cause: error });
  }
  return finished;
}

/** The disk knows the crash; the work may report any error. */
async function runUntilCrash(disk: SimulatedDisk, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
  } catch (error) {
    if (!disk.crashed) throw error;
  }
  return !disk.crashed;
}

async function makePrepared<Notes>(scenario: CrashScenario<Notes>): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await scenario.prepare?.(disk);
  disk.syncAll();
  return disk;
}

async function passes(run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch {
    return false;
  }
}
