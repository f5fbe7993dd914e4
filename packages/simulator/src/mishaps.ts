import { pick } from "./chances.ts";
import type { World } from "./world.ts";
import type { Device } from "./world-state.ts";

const kinds = ["clock", "full", "read-only", "away"] as const;
const tenYearsMicros = 10 * 365.25 * 86_400 * 1_000_000;

/** Lets a device have a mishap once per round, in the first seconds and for some seconds. */
export async function mayBefall(world: World, device: Device, round: number): Promise<void> {
  const { scheduler, chances } = world;
  const { ills, name } = device;
  const key = `mishap of ${name} in round ${round}`;
  const tape = chances.tape(key);
  const kind = pick(tape, kinds);
  if (tape() > 0.4 || !chances.happens(key)) return;
  await scheduler.sleep(world.life, tape() * 10_000_000);
  const durationMicros = tape() * 15_000_000;
  const untilMicros = scheduler.nowMicros + durationMicros;
  switch (kind) {
    case "clock":
      world.notice(`the clock of ${name} is set back ten years`);
      ills.skewMicros -= tenYearsMicros;
      return;
    case "full":
      world.notice(`the disk of ${name} is full for a while`);
      ills.fullUntilMicros = untilMicros;
      return;
    case "read-only":
      world.notice(`the disk of ${name} is read-only for a while`);
      ills.readOnlyUntilMicros = untilMicros;
      return;
    default:
      world.notice(`an empty folder is in the place of the root of ${name} for a while`);
      ills.isAway = true;
      await scheduler.sleep(world.life, durationMicros);
      world.notice(`the root of ${name} is back`);
      ills.isAway = false;
      if (device.life.isAlive && device.engine.phase === "refused") world.start(device);
  }
}
