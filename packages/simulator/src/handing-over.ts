import { pick, type Tape } from "./chances.ts";
import { rewind, type Rewound } from "./model-rewind.ts";
import { homeOf } from "./model-shares.ts";
import { arrive, freeze, giveUp, mayTransfer, type Transfer } from "./model-transfer.ts";
import { isLiveNode, type Nodes } from "./model-tree.ts";
import { foldersOf, mountAt, newFolder } from "./sharing.ts";
import type { World } from "./world.ts";

interface Pair {
  readonly owner: string;
  readonly guest: string;
}

/** Acts in a browser on everything in a folder: transfers, rewinds and groups. */
export async function handOver(world: World, tape: Tape): Promise<void> {
  const accounts = [...new Set(world.devices.map(({ account }) => account))];
  const owner = pick(tape, accounts) ?? "";
  const guest = accounts.find((account) => account !== owner) ?? "";
  const chance = tape();
  if (chance < 0.3) return void putBack(world, owner, tape);
  if (chance < 0.6) return giveAway(world, { owner, guest }, tape);
  return shareWithGroup(world, { owner, guest }, tape);
}

/** Rewinds before a round starts, so that restored content lives until somebody has seen it. */
export function rewindAtRest(world: World, round: number): void {
  const key = `rewind before round ${round}`;
  const tape = world.chances.tape(key);
  if (tape() > 0.5 || !world.chances.happens(key)) return;
  const accounts = [...new Set(world.devices.map(({ account }) => account))];
  const rewound = putBack(world, pick(tape, accounts) ?? "", tape);
  for (const content of rewound?.back ?? []) world.ledger.bringBack(content);
}

function putBack(world: World, owner: string, tape: Tape): Rewound | undefined {
  const { model, ledger } = world;
  const then: Nodes | undefined = pick(tape, world.moments);
  const topId = tape() < 0.3 ? homeOf(owner) : pick(tape, foldersOf(world, owner))?.id;
  if (then === undefined || topId === undefined) return undefined;
  const rewound = rewind(model, `${owner}'s browser`, topId, then);
  if (rewound === undefined || rewound.steps === 0) return undefined;
  world.did("rewind");
  world.deeds += rewound.steps;
  world.notice(`${owner} puts ${topId} back to how it was, in ${rewound.steps} steps (in a browser)`);
  for (const each of rewound.gone) ledger.lose(each);
  for (const each of rewound.back) world.broughtBack.add(each);
  return rewound;
}

/** A transferred folder belongs to nobody for a moment. */
async function giveAway(world: World, { owner, guest }: Pair, tape: Tape): Promise<void> {
  const { model, scheduler } = world;
  const folders = foldersOf(world, owner).filter((node) => mayTransfer(model, node, owner));
  const nodeId = pick(tape, folders)?.id;
  if (nodeId === undefined) return;
  const transfer: Transfer = { nodeId, from: owner, to: guest };
  world.deeds += 1;
  world.notice(`${owner} gives ${nodeId} to ${guest} (in a browser)`);
  freeze(model, transfer);
  await scheduler.sleep(world.life, tape() < 0.5 ? tape() * 50_000 : tape() * 3_000_000);
  const isGivenUp = tape() < 0.2;
  const arrived = isGivenUp ? undefined : arrive(model, transfer);
  if (isGivenUp) giveUp(model, transfer);
  world.did(arrived === undefined ? "transfer that was given up" : "transfer");
  world.notice(arrived === undefined ? `${nodeId} stays with ${owner}` : `${nodeId} is ${arrived} of ${guest}`);
  if (arrived !== undefined) world.madeInBrowsers.add(arrived);
}

const groupRoles = ["viewer", "editor", "editor", undefined] as const;

/** Gives each account a group with the other account as a member, and shares a folder with it. */
export function beginGroups(world: World): void {
  const { model } = world;
  const accounts = [...new Set(world.devices.map(({ account }) => account))];
  for (const owner of accounts) {
    const [by, group, guest] = [`${owner}'s browser`, `group of ${owner}`, accounts.find((each) => each !== owner)];
    if (guest === undefined) continue;
    model.putIntoGroup(by, group, guest, true);
    const target = newFolder(world, owner, homeOf(owner));
    model.grant(by, target, group, world.isReadOnly ? "viewer" : "editor");
    mountAt(world, guest, target, world.chances.tape(by));
  }
}

async function shareWithGroup(world: World, { owner, guest }: Pair, tape: Tape): Promise<void> {
  const { model } = world;
  const { shares, nodes } = model;
  const [group, by] = [`group of ${owner}`, `${owner}'s browser`];
  const given = shares.grants.filter(({ account, target }) => account === group && isLiveNode(nodes, target));
  const isMember = shares.groups.get(group)?.has(guest) === true;
  const target = tape() < 0.5 ? pick(tape, given)?.target : pick(tape, foldersOf(world, owner))?.id;
  if (target === undefined) return;
  world.deeds += 1;
  const changesMembers = given.length === 0 ? !isMember && tape() < 0.3 : !isMember || tape() < 0.5;
  if (changesMembers) {
    world.did(isMember ? "group left" : "group joined");
    world.notice(`${guest} ${isMember ? "leaves" : "joins"} the ${group} (in a browser)`);
    model.putIntoGroup(by, group, guest, !isMember);
    return;
  }
  const role = world.isReadOnly ? "viewer" : pick(tape, groupRoles);
  world.did("right of a group");
  world.notice(`${owner} lets the ${group} be ${role ?? "nothing"} of ${target} (in a browser)`);
  model.grant(by, target, group, role);
  if (role !== undefined && isMember && tape() < 0.7) mountAt(world, guest, target, tape);
}
