import { makeDeafDisk } from "./deaf-disk.ts";
import type { SyncCall } from "./deaf-disk.ts";
import type { Disk } from "./disk.ts";
import { seededRandom } from "./seeded-random.ts";
import { SimulatedDisk } from "./simulated-disk.ts";

/** A piece of work and what must hold after a power cut at any moment of it. */
export interface CrashScenario<Notes> {
  /** An empty note book of what was acknowledged; a fresh one for each run. */
  readonly makeNotes: () => Notes;
  /** What is there, durably, before the work begins. */
  readonly prepare?: (disk: Disk) => Promise<void>;
  /**
   * The work. It notes what it is about to do before, and what was acknowledged after, each step. It must make the same calls
   * each time, and be able to begin again on what a killed run left (with the notes of that run).
   */
  readonly work: (disk: Disk, notes: Notes) => Promise<void>;
  /** Throws where the disk after the power cut breaks the promise. It may write (a store that opens removes leftovers). */
  readonly check: (disk: Disk, notes: Notes) => Promise<void>;
}

export interface CrashOptions {
  readonly seed: number;
  /** How many random outcomes of each power cut are tried, beside losing all and keeping all. */
  readonly randomOutcomes?: number;
}

/**
 * For each call that the work makes to a simulated disk: runs it, cuts the power just before that call, and checks; the same
 * with the cut just after it; and with only the process killed there, so that it begins again on the same disk, and the
 * power cut once it is done.
 * @returns how many calls the work makes
 */
export async function crashEveryCall<Notes>(scenario: CrashScenario<Notes>, options: CrashOptions): Promise<number> {
  return crashEach(scenario, options, (disk) => disk);
}

/**
 * The test of the test: leaves out one sync of the work at a time and expects `crashEveryCall` to notice.
 * @returns the syncs that nobody missed, which should be none
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

/** Work that comes to no end, or makes more calls each time, is to fail and not to run on. */
export const callsMax = 5000;

interface OneCrash {
  readonly call: number;
  readonly end: "power cut before" | "power cut after" | "killed after";
  readonly random: () => number;
  readonly wrap: (disk: Disk) => Disk;
  readonly name: string;
}

/** @returns whether the work was done before that call came */
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

/** The work may report its end as any error, so the disk says whether it was the crash. */
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

/** A run that fails in any way has noticed. */
async function passes(run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch {
    return false;
  }
}
