import { checkRest } from "./oracle.ts";
import { seenTree } from "./person.ts";
import { pick } from "./scheduler.ts";
import { type Device, World, type WorldOptions } from "./world.ts";

export interface StoryOptions extends WorldOptions {
  readonly rounds?: number;
  readonly actsPerRound?: number;
  /** The server is restored from a backup in the middle. */
  readonly restores?: boolean;
}

export interface StoryResult {
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  readonly steps: number;
}

const minute = 60_000_000;

/** Some rounds of work in which things go wrong, each followed by rest and the oracle. */
export async function tellStory(options: StoryOptions): Promise<StoryResult> {
  const world = new World(options);
  await rest(world);
  for (let round = 0; round < (options.rounds ?? 3) && world.violations.length === 0; round += 1) {
    const isAlone = world.tapes.work() < 0.35;
    const active = isAlone
      ? [pick(world.tapes.work, world.devices)].filter((device) => device !== undefined)
      : world.devices;
    const hasBackup = options.restores === true && round === 1;
    const backup = hasBackup ? world.model.backUp() : undefined;
    world.notice(`round ${round}: ${active.map(({ name }) => name).join(" and ")}`);
    await work(world, active, options.actsPerRound ?? 6);
    if (backup !== undefined) {
      world.notice("the server is restored from its backup");
      world.model.restore(backup);
    }
    const [only] = active;
    const left = isAlone && backup === undefined && only !== undefined ? seenTree(only.root) : undefined;
    await rest(world);
    checkRest(world, left);
  }
  world.close();
  return { violations: world.violations, trace: world.trace, steps: world.scheduler.steps };
}

async function work(world: World, active: readonly Device[], acts: number): Promise<void> {
  const { scheduler, tapes } = world;
  world.isTroubled = true;
  const start = scheduler.nowMicros;
  let busy = active.length;
  for (const device of world.devices) Object.assign(device, { isActive: active.includes(device) });
  for (const { person } of active) {
    void (async () => {
      for (let act = 0; act < acts; act += 1) {
        await scheduler.sleep(person.life, tapes.work() < 0.5 ? tapes.work() * 100_000 : tapes.work() * 4_000_000);
        await person.act();
      }
      busy -= 1;
    })();
  }
  await scheduler.runUntil(start + 10 * minute, () => busy === 0);
  // What went wrong goes on for a while.
  await scheduler.runUntil(scheduler.nowMicros + tapes.faults() * 8_000_000, () => false);
  world.isTroubled = false;
}

/** Invariant 9: within 90 minutes of the last act it ends, and then nothing is written. */
async function rest(world: World): Promise<void> {
  const { scheduler } = world;
  const isResting = (): boolean =>
    world.devices.every(
      ({ life, engine }) => life.isAlive && engine.phase === "waiting" && engine.outcome?.lookAgainMs === undefined,
    );
  const deadline = scheduler.nowMicros + 90 * minute;
  if (!(await scheduler.runUntil(deadline - 62 * minute, isResting))) world.violate("it does not come to rest");
  // Whatever no watcher noticed is found by the hourly look.
  await scheduler.runUntil(deadline, () => false);
  if (!isResting()) await scheduler.runUntil(deadline + minute, isResting);
  const writes = world.writes;
  await scheduler.runUntil(scheduler.nowMicros + 62 * minute, () => false);
  if (world.writes !== writes) world.violate("something is written at rest");
}
