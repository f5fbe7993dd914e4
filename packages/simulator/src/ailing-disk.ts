import { HoldfastError } from "@holdfast/core/errors";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { checkBitHere, checkOpening } from "./bit-oracle.ts";
import { makeEngineDisk } from "./engine-disk.ts";
import type { Life } from "./scheduler.ts";
import { SimulatedRoot } from "./simulated-root.ts";
import { checkDrop, checkShown } from "./step-oracle.ts";
import type { Device, WorldState } from "./world-state.ts";

export function ailingDisk(world: WorldState, device: Device, life: Life): LocalDisk {
  const watch = watchOf(world, device, life);
  const own = makeEngineDisk(device.root, watch, world.missingFeaturesOf(device.name));
  const nowMicros = (): number => world.scheduler.nowMicros;
  const nothing = new SimulatedRoot({ nowMicros, skewMicros: () => 0, key: String, isDurable: true });
  const other = makeEngineDisk(nothing, watch);
  return new Proxy(own, {
    get: (target, name) => Reflect.get(device.ills.isAway ? other : target, name) as unknown,
  });
}

/** Affected calls per thousand disk calls at a trouble rate of 1. */
const odds = { death: 0.06, failure: 0.05 };

function watchOf(world: WorldState, device: Device, life: Life): Parameters<typeof makeEngineDisk>[1] {
  const { scheduler, chances } = world;
  const mayDie = async (when: string): Promise<void> => {
    const { key, tape } = chances.next(`death of ${device.name} ${when} a change`);
    if (tape() >= world.troubleRate * odds.death || !chances.happens(key)) return;
    world.crash(device, tape() < 0.5);
    await new Promise<never>(() => undefined);
  };
  return {
    before: async (call, path) => {
      await scheduler.work(life, 300);
      if (!isLook(call)) await mayDie("before");
      if (!isLook(call)) world.notice(`${device.name}: ${call} ${path}`);
      if (world.isTroubled && device.isActive) interfere(world, device, call, path);
      mayFail(world, device, call, path);
    },
    after: async (call) => {
      if (isLook(call)) return;
      if (call !== "now" && !call.startsWith("sync")) world.writes += 1;
      await mayDie("after");
    },
    copied: () => void (world.model.savings.copies += 1),
    dropping: (inode, path) => checkDrop(world, device, inode, path),
    shown: (inode, path) => checkShown(world, device, inode, path),
    replacing: (old, by, path) => {
      checkBitHere(world, device, old, by, path);
      if (!by.now.isPrivate) checkOpening(world, device, old, path);
    },
    opening: (inode, path) => checkOpening(world, device, inode, path),
  };
}

function interfere({ chances }: WorldState, { name, person }: Device, call: string, path: string): void {
  const { key, tape } = chances.next(`interference of ${name} at ${call}`);
  const chance = tape();
  const [from = "", to = ""] = path.split(/ <?-> /);
  const target = call === "exchange" || call === "supersede" ? to : from;
  const isOwn = target.startsWith(".holdfast");
  if (call === "open" && !isOwn && chance < 0.02) {
    if (chances.happens(key)) void person.stutter(target, tape);
  } else if (!isLook(call) && !isOwn && chance < 0.1) {
    if (chances.happens(key)) person.interfere(target, tape);
    // An item that moves during a scan may be seen twice or never.
  } else if (chance < (call === "list" ? 0.05 : 0.003) && chances.happens(key)) person.interfere(undefined, tape);
}

function mayFail(world: WorldState, device: Device, call: string, path: string): void {
  const { ills, name } = device;
  const { nowMicros } = world.scheduler;
  const { key, tape } = world.chances.next(`failure of ${name}'s ${call}`);
  const fail = (code: "unavailable" | "store_full", why: string): never => {
    world.notice(`the disk of ${name} fails to ${call} ${path} (${why})`);
    throw new HoldfastError(code, `Could not ${call} ${path} (${why}).`);
  };
  if (!isLook(call) && ills.readOnlyUntilMicros > nowMicros) fail("unavailable", "EROFS");
  if (isMaking(call) && ills.fullUntilMicros > nowMicros) fail("store_full", "ENOSPC");
  const isSick = ills.sick !== undefined && ills.sick.untilMicros > nowMicros;
  if (isSick && ills.sick?.path === path) fail("unavailable", "EIO");
  if (tape() >= world.troubleRate * odds.failure || !world.chances.happens(key)) return;
  const isLasting = !isSick && isLook(call) && !path.startsWith(".holdfast") && tape() < 0.5;
  if (isLasting) ills.sick = { path, untilMicros: nowMicros + (tape() < 0.9 ? 4_000_000 : 60_000_000) };
  fail("unavailable", "EIO");
}

function isLook(call: string): boolean {
  return ["stat", "list", "open", "read", "readAt", "readLink"].includes(call);
}

function isMaking(call: string): boolean {
  return ["create", "write", "symlink", "mkdir"].includes(call);
}
