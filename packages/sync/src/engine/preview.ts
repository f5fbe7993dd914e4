import { forward } from "../forward.ts";
import { folderOf, joinPath, pathOfNode } from "../paths.ts";
import type { LocalOperation, RemoteOperation } from "../planner/plan-types.ts";
import type { LocalDisk } from "../ports.ts";
import { fetchRemote } from "../remote/fetch.ts";
import { pathsToFree } from "../rules/exclusion.ts";
import { readRules } from "../rules/reading.ts";
import { copiesToFree } from "../rules/free-space.ts";
import { type CycleContext, noteLook } from "./cycle.ts";
import { decide } from "./decide.ts";
import { foreseeHere, foreseeThere } from "./foresee.ts";
import { lookUnderLastRules, previewDisk } from "./looking.ts";

/** A change that a run would make. */
export interface Preview {
  readonly side: "here" | "server";
  readonly what: "create" | "change" | "move" | "delete" | "set executable" | "copy aside";
  /** As it would be afterwards; of a deletion as it is. */
  readonly path: string;
}

/** More cycles than any run needs that nothing disturbs. */
const cyclesMax = 100;

/**
 * What a run would do, in its order, if nothing changes meanwhile and nothing is refused. Looks and listens, and changes neither disk
 * nor server; what it learns and foresees goes into the state, so give it a copy.
 */
export async function previewRun(given: CycleContext): Promise<readonly Preview[]> {
  const portions = { ...given.portions, freshMax: Infinity };
  const context = { ...given, portions, disk: withoutSyncs(given.disk) };
  const { state } = context;
  state.forgetRefusals(Infinity);
  await fetchRemote(context);
  await lookUnderLastRules(context, previewDisk);
  const { rules } = await readRules(context.disk, state);
  const freed = await copiesToFree(context, pathsToFree(state), rules);
  const previews: Preview[] = freed.map(({ path }) => ({ side: "here", what: "delete", path }));
  const look = await previewDisk(context);
  noteLook(context, look);
  // They are there still.
  state.commit({ local: freed.map(({ id }) => [id, undefined]), synced: freed.map(({ id }) => [id, undefined]) });
  for (let cycle = 0; cycle < cyclesMax; cycle += 1) {
    const { local, remote } = (await decide(context, look)).plan;
    if (local.length + remote.length === 0) break;
    for (const operation of local) previews.push(...previewHere(context, operation));
    for (const operation of remote) previews.push(previewThere(context, operation));
  }
  return previews;
}

/** Whoever only wants to know makes nothing durable, and what is but foreseen is on no disk. */
function withoutSyncs(disk: LocalDisk): LocalDisk {
  const nothing = (): Promise<void> => Promise.resolve();
  return forward(disk, { syncFile: nothing, syncFolder: nothing, syncAll: nothing });
}

const here: Readonly<Record<LocalOperation["op"], Preview["what"]>> = {
  create: "create",
  replace: "change",
  move: "move",
  set: "set executable",
  delete: "delete",
  park: "move",
  copy_aside: "copy aside",
};

const there: Readonly<Record<RemoteOperation["op"], Preview["what"]>> = {
  mkdir: "create",
  symlink: "create",
  create: "create",
  put: "change",
  move: "move",
  set: "set executable",
  delete: "delete",
};

/** What only waits aside for a moment is not told. */
function previewHere({ state, makeNodeId }: CycleContext, operation: LocalOperation): Preview[] {
  const before = pathOfNode(state, operation.id);
  foreseeHere(state, operation, makeNodeId);
  if (operation.op === "park") return [];
  const after = operation.op === "delete" ? before : pathOfNode(state, operation.id);
  const path = after ?? operation.id;
  const copy = operation.op === "copy_aside" ? joinPath(folderOf(path), operation.name) : path;
  return [{ side: "here", what: here[operation.op], path: copy }];
}

function previewThere({ state }: CycleContext, operation: RemoteOperation): Preview {
  const path = pathOfNode(state, operation.id) ?? operation.id;
  foreseeThere(state, operation);
  return { side: "server", what: there[operation.op], path };
}
