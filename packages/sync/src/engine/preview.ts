import { pathOfNode } from "../paths.ts";
import type { LocalOperation, RemoteOperation } from "../planner/plan-types.ts";
import { fetchRemote } from "../remote/fetch.ts";
import type { CycleContext } from "./cycle.ts";
import { decide } from "./cycle.ts";
import { previewDisk } from "./looking.ts";
import { pathOfOperation } from "./progress.ts";

/** A change that a cycle would make. */
export interface Preview {
  readonly side: "here" | "server";
  readonly what: "create" | "change" | "move" | "delete" | "set executable" | "copy aside";
  /** As it would be afterwards; of a deletion as it is. */
  readonly path: string;
}

/**
 * What the next cycle would do, in its order. Further cycles may follow from what comes of it. Looks and listens, and
 * changes neither disk nor server; what it learns goes into the state, so give it a copy.
 */
export async function previewCycle(context: CycleContext): Promise<readonly Preview[]> {
  await fetchRemote(context);
  const look = await previewDisk(context);
  const portions = { ...context.portions, freshMax: Infinity };
  const { local, remote } = (await decide({ ...context, portions }, look)).plan;
  return [
    ...local.filter(({ op }) => op !== "park").map((each) => previewHere(context, each)),
    ...remote.map((each) => previewThere(context, each)),
  ];
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

function previewHere({ state }: CycleContext, operation: LocalOperation): Preview {
  return { side: "here", what: here[operation.op], path: pathOfOperation(state, operation) };
}

function previewThere({ state }: CycleContext, { op, id }: RemoteOperation): Preview {
  return { side: "server", what: there[op], path: pathOfNode(state, id) ?? id };
}
