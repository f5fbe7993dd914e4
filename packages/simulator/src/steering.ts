import { pick } from "./chances.ts";
import type { World } from "./world.ts";
import type { Device } from "./world-state.ts";

const kinds = ["paused", "off", "restarted"] as const;

export async function maySteer(world: World, device: Device, round: number): Promise<void> {
  const { scheduler, chances } = world;
  const { name } = device;
  const key = `steering of ${name} in round ${round}`;
  const tape = chances.tape(key);
  const kind = pick(tape, kinds);
  if (tape() > 0.5 || !chances.happens(key)) return;
  await scheduler.sleep(world.life, tape() * 10_000_000);
  const durationMicros = tape() < 0.5 ? tape() * 5_000_000 : tape() * 60_000_000;
  if (!device.life.isAlive) return;
  world.notice(`${name} is ${kind}`);
  if (kind === "paused") return pause(world, device, durationMicros);
  if (kind === "off") return switchOff(world, device, durationMicros);
  device.engine.stop();
  await device.run;
  scheduler.kill(device.life);
  world.start(device);
}

/** Lasts across a stop and restart. */
async function pause(world: World, device: Device, micros: number): Promise<void> {
  const { scheduler, life } = world;
  device.engine.pause();
  await scheduler.sleep(life, micros);
  // It is down or its root is missing; it will be paused when it is back.
  while (!device.life.isAlive || device.engine.phase !== "paused") await scheduler.sleep(life, 1_000_000);
  world.notice(`${device.name} is resumed`);
  device.engine.resume();
}

async function switchOff(world: World, device: Device, micros: number): Promise<void> {
  world.scheduler.kill(device.life);
  await world.scheduler.sleep(world.life, micros);
  world.notice(`${device.name} is on again`);
  world.start(device);
}

/** Lets a device exclude paths during a round, and possibly include them again. */
export async function mayLeaveOut(world: World, device: Device, round: number): Promise<void> {
  const { scheduler, chances } = world;
  const { name, root } = device;
  const key = `choice of ${name} in round ${round}`;
  const tape = chances.tape(key);
  if (tape() > 0.6 || !chances.happens(key)) return;
  await scheduler.sleep(world.life, tape() * 8_000_000);
  const path = tape() < 0.8 ? pick(tape, [...root.visible().keys()]) : "a";
  const freeSpace = tape() < 0.5;
  if (!device.life.isAlive || path === undefined) return;
  world.notice(`${name} leaves out ${path}${freeSpace ? ", and frees its space" : ""}`);
  device.engine.exclude([path], { freeSpace });
  if (tape() < 0.4) return;
  await scheduler.sleep(world.life, tape() * 20_000_000);
  if (!device.life.isAlive) return;
  const paths = device.engine.excluded;
  world.notice(`${name} wants ${paths.join(" and ")} again`);
  device.engine.include(paths);
}

/** Lets the server be full for a while, or forget its journal, once per round. */
export async function mayBefallServer(world: World, round: number): Promise<void> {
  const { scheduler, chances, model } = world;
  const key = `mishap of the server in round ${round}`;
  const tape = chances.tape(key);
  const isFull = tape() < 0.5;
  if (tape() > 0.5 || !chances.happens(key)) return;
  await scheduler.sleep(world.life, tape() * 30_000_000);
  if (!isFull) {
    world.notice("the server keeps no journal of what was so far");
    model.forgetJournal();
    return;
  }
  world.notice("the quota is used up");
  model.isFull = true;
  await scheduler.sleep(world.life, tape() * 60_000_000);
  world.notice("there is room again");
  model.isFull = false;
}
