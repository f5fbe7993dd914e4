import type { NodeId } from "@holdfast/core/ids";
import { mayBefall } from "./mishaps.ts";
import { homeOf, spaceOf } from "./model-shares.ts";
import type { ModelNode } from "./model-tree.ts";
import { checkRest } from "./oracle.ts";
import { RoundOracle } from "./round-oracle.ts";
import { takenPaths, waitingPaths } from "./share-oracle.ts";
import { type Person, seenTree } from "./person.ts";
import { pick } from "./chances.ts";
import { describeInode, type Inode } from "./simulated-root.ts";
import { beginGroups, handOver, rewindAtRest } from "./handing-over.ts";
import { endHiding, share } from "./sharing.ts";
import { mayBefallServer, mayLeaveOut, maySteer } from "./steering.ts";
import { World } from "./world.ts";
import type { Device, WorldOptions } from "./world-state.ts";

export interface StoryOptions extends WorldOptions {
  readonly rounds?: number;
  readonly actsPerRound?: number;
  /** Restores the server from a backup in the middle. */
  readonly restores?: boolean;
  /** The server keeps no journal during work, so every outdated device needs a snapshot. */
  readonly expires?: boolean;
  /** Clocks jump, and disks are full, read-only or unmounted for a while. */
  readonly mishaps?: boolean;
}

export interface StoryResult {
  readonly violations: readonly string[];
  readonly trace: readonly string[];
  readonly steps: number;
  /** Keys of past acts and faults. Each can be left out of the same story (`without`). */
  readonly happened: readonly string[];
  /** Counts of transfers with less than the full bytes. */
  readonly savings: World["model"]["savings"];
  readonly kindsOfDeeds: ReadonlyMap<string, number>;
}

const minute = 60_000_000;

export async function runStory(options: StoryOptions): Promise<StoryResult> {
  const world = new World(options);
  const oracle = new RoundOracle(world);
  await rest(world);
  if (world.hasShares) share(world, world.chances.tape("first share"));
  if (world.handsOver) beginGroups(world);
  for (let count = 0; world.hasRights && count < 3; count += 1)
    share(world, world.chances.tape(`first right ${count}`));
  for (let round = 0; round < (options.rounds ?? 3) && world.violations.length === 0; round += 1) {
    if (world.chances.happens(`round ${round}`)) await runRound(world, oracle, options, round);
  }
  world.close();
  const { violations, trace, scheduler, chances, model, kindsOfDeeds } = world;
  const { happened } = chances;
  return { violations, trace, steps: scheduler.steps, happened, savings: model.savings, kindsOfDeeds };
}

async function runRound(world: World, oracle: RoundOracle, options: StoryOptions, round: number): Promise<void> {
  const tape = world.chances.tape(`round ${round}`);
  const isAlone = tape() < 0.35;
  const active = isAlone ? [pick(tape, world.devices)].filter((device) => device !== undefined) : world.devices;
  const hasBackup = options.restores === true && round === 1;
  const backup = hasBackup ? world.model.backUp() : undefined;
  world.notice(`round ${round}: ${active.map(({ name }) => name).join(" and ")}`);
  const [only] = active;
  // Acts in read-only folders are not part of the result.
  const wasFree = only !== undefined && canWriteAll(only);
  const cutsBefore = cutsBeside(world, only);
  const waitedBefore = waitingBeside(world, only);
  if (world.handsOver && !isAlone) rewindAtRest(world, round);
  world.noteMoment();
  const known = new Set(only?.root.inodes());
  await work(world, options, active, round);
  const isRestored = backup !== undefined && world.chances.happens("restored backup");
  if (isRestored) {
    world.notice("the server is restored from its backup");
    world.model.restore(backup);
    world.wasRestored = true;
    world.moments = [];
  }
  const isFree =
    wasFree &&
    hasAllOfBrowsers(world, only) &&
    canWriteAll(only) &&
    !hasHiddenNames(world, only) &&
    !hasMountInMount(only);
  // Content restored by a power failure counts as a person's for all others.
  const isCut = options.isVolatile === true && cutsBeside(world, only) > cutsBefore;
  // An item hidden on one side counts as new there when included again.
  const left =
    isAlone && backup === undefined && isFree && !isCut && !world.isSelective ? seenTree(only.root) : undefined;
  const fresh = world.isSecretive ? openIn(only, known) : new Set<string>();
  await rest(world);
  // An item waiting on another device got write access with a moved folder.
  checkRest(world, waitingBeside(world, only) < waitedBefore ? undefined : left, fresh);
  oracle.checkRest(isRestored);
}

/** Returns public items, as the oracle describes them, that are new or have another item's former name. */
function openIn(device: Device | undefined, known: ReadonlySet<Inode>): Set<string> {
  if (device === undefined) return new Set();
  const { root } = device;
  const isFresh = (inode: Inode): boolean => !known.has(inode) || !root.hadItsNamesAlone(inode);
  const open = [...root.visible().values()].filter((inode) => !inode.now.isPrivate && isFresh(inode));
  return new Set(open.map(describeInode));
}

async function work(world: World, options: StoryOptions, active: readonly Device[], round: number): Promise<void> {
  const { scheduler, chances } = world;
  world.isTroubled = true;
  world.model.forgetsAtOnce = options.expires === true;
  const start = scheduler.nowMicros;
  let busy = active.length;
  for (const device of world.devices) Object.assign(device, { isActive: active.includes(device) });
  if (options.mishaps === true) for (const device of world.devices) void mayBefall(world, device, round);
  if (world.isVersatile) {
    for (const device of world.devices) void maySteer(world, device, round);
    void mayBefallServer(world, round);
  }
  if (world.isSelective) for (const device of world.devices) void mayLeaveOut(world, device, round);
  if (world.hasShares && active.length > 1) busy += 1;
  if (world.hasShares && active.length > 1) void shareNowAndThen(world, round).then(() => (busy -= 1));
  for (const { name, person } of active) {
    void (async () => {
      for (let act = 0; act < (options.actsPerRound ?? 6); act += 1) {
        const key = `act ${act} of ${name} in round ${round}`;
        const tape = chances.tape(key);
        await scheduler.sleep(person.life, tape() < 0.5 ? tape() * 100_000 : tape() * 4_000_000);
        if (chances.happens(key)) await person.act(tape);
        if (world.isSecretive) mayHide(world, person, key);
      }
      busy -= 1;
    })();
  }
  await scheduler.runUntil(start + 10 * minute, () => busy === 0);
  // Trouble continues for a while.
  const { tape } = chances.next("end of work");
  await scheduler.runUntil(scheduler.nowMicros + tape() * 8_000_000, () => false);
  world.isTroubled = false;
  world.model.forgetsAtOnce = false;
  if (world.hasRights) endHiding(world);
}

/** Uses separate random numbers, so that stories without this are unchanged. */
function mayHide({ chances }: World, person: Person, after: string): void {
  const key = `privacy after ${after}`;
  const tape = chances.tape(key);
  if (tape() < 0.5 && chances.happens(key)) person.setPrivate(tape);
}

async function shareNowAndThen(world: World, round: number): Promise<void> {
  for (let act = 0; act < (world.hasRights ? 6 : 3); act += 1) {
    const key = `share ${act} in round ${round}`;
    const tape = world.chances.tape(key);
    await world.scheduler.sleep(world.life, tape() * 8_000_000);
    if (tape() >= 0.7 || !world.chances.happens(key)) continue;
    world.noteMoment();
    if (world.handsOver && tape() < 0.5) await handOver(world, tape);
    else share(world, tape);
  }
}

function cutsBeside({ devices }: World, only: Device | undefined): number {
  return devices.reduce((sum, device) => sum + (device === only ? 0 : device.root.boots), 0);
}

/** Returns the number of items on other devices that wait for write access. */
function waitingBeside({ devices }: World, only: Device | undefined): number {
  return devices.reduce((sum, device) => sum + (device === only ? 0 : waitingPaths(device).size), 0);
}

function canWriteAll({ state }: Device): boolean {
  return [...state.shares.values(), ...state.rights.values()].every(({ isReadOnly }) => !isReadOnly);
}

/** An item that has not reached a device was not removed by its person. */
function hasAllOfBrowsers({ model, madeInBrowsers }: World, { state, account }: Device): boolean {
  const isOwn = ({ id, kind }: ModelNode): boolean =>
    (kind === "mount" && spaceOf(model.nodes, id) === homeOf(account)) || madeInBrowsers.has(id);
  const made = [...model.nodes.values()].filter(
    (node) => isOwn(node) && model.shares.isInView(model.nodes, account, node.id),
  );
  return made.every(({ id }) => state.local.has(id as NodeId));
}

/** A mount of another account takes a name in a common folder, and only that account sees it. */
function hasHiddenNames({ model: { nodes, shares } }: World, { account }: Device): boolean {
  return [...nodes.values()].some(({ kind, id, parentId }) => {
    const folder = nodes.get(parentId ?? "");
    const isOthers = kind === "mount" && spaceOf(nodes, id) !== homeOf(account);
    return isOthers && folder !== undefined && shares.roleIn(nodes, account, folder) !== undefined;
  });
}

/** Returns true for a mount that was moved into another one. It returns, possibly after the work because of a failing disk. */
function hasMountInMount({ root, state }: Device): boolean {
  const inodes = new Set([...state.shares.keys()].map((id) => state.local.get(id)?.fingerprint.inode));
  const paths = [...root.visible()].flatMap(([path, { number }]) => (inodes.has(BigInt(number)) ? [path] : []));
  return paths.some((path) => paths.some((mount) => path.startsWith(`${mount}/`)));
}

/** Invariant 9: activity ends within 90 minutes of the last act, and then nothing is written. */
async function rest(world: World): Promise<void> {
  const { scheduler } = world;
  const isAtRest = (device: Device): boolean => {
    const { life, engine, ills } = device;
    if (!life.isAlive || ills.isAway || engine.phase !== "waiting") return false;
    if (engine.outcome?.isTransferring === true) return false;
    return engine.outcome?.nextCycleInMs === undefined || takenPaths(world, device).length > 0;
  };
  const isResting = (): boolean => world.devices.every(isAtRest);
  const unsynced = (): string =>
    world.devices
      .filter((device) => !isAtRest(device))
      .map(({ name, engine }) => `${name} is ${engine.phase}, ${engine.outcome?.nextCycleInMs ?? "-"} ms`)
      .join("; ");
  const deadline = scheduler.nowMicros + 90 * minute;
  // Endless activity is expensive to simulate and reveals nothing more.
  if (!(await scheduler.runUntil(deadline - 62 * minute, isResting)))
    return world.violate(`it does not come to rest at all: ${unsynced()}`);
  // The hourly scan finds changes that the watcher missed.
  await scheduler.runUntil(deadline, () => false);
  if (!isResting()) await scheduler.runUntil(deadline + minute, isResting);
  const writes = world.writes;
  await scheduler.runUntil(scheduler.nowMicros + 62 * minute, () => false);
  if (world.writes !== writes) world.violate("something is written at rest");
}
