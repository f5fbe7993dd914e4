import { HoldfastError } from "@holdfast/core/errors";
import { isId, type NodeId } from "@holdfast/core/ids";
import { checkName, nameKey, splitPath } from "@holdfast/core/names";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import { makeFolder } from "./new-node.ts";
import { freeName } from "./free-name.ts";
import type { Act } from "../rights/roles.ts";
import { isBlind, placed, requireAct, requireRuleWriter } from "./rights.ts";
import type { Place } from "./operation.ts";
import { liveFolder } from "./stand-in.ts";
import type { Standing } from "./tree.ts";
import type { Scope, Step, Target, Work } from "./work.ts";
import { conflictWith, requireLive } from "./conflict.ts";

export interface Found {
  readonly row: NodeRow;
  readonly standing: Exclude<Standing, { state: "gone" }>;
}

/**
 * Finds a node by its id or `root`, live or trashed.
 * @throws HoldfastError not_found, or dependency if an earlier operation should have created it
 */
export async function findNode(work: Work, step: Step, scope: Scope, text: string, field: string): Promise<Found> {
  return find(work, step, scope, { text, field, act: "read" });
}

interface Named {
  readonly text: string;
  readonly field: string;
  /** The caller's intent: an uploader may add to a folder that it cannot see. */
  readonly act: Act;
}

async function find(work: Work, step: Step, scope: Scope, { text, field, act }: Named): Promise<Found> {
  const id = text === "root" ? step.caller.rootId : text;
  const row = isId(id) ? await work.tree.node(id as NodeId) : undefined;
  const standing = row === undefined ? undefined : await work.tree.standing(row);
  if (row !== undefined && standing !== undefined && standing.state !== "gone") {
    const isSeen = step.caller.owns || (await placed(work, step, row, act)) !== undefined;
    if (isSeen) return { row, standing };
  }
  if (scope.failedIds.has(id)) {
    throw new HoldfastError("dependency", "The operation that should have created this node failed.", { field });
  }
  throw new HoldfastError("not_found", "There is no such file or folder.", { field });
}

/**
 * Finds a live folder and a name. With `revive`, folders in the trash are created again.
 * @param current replaces an absent parent or name
 */
export async function findPlace(
  work: Work,
  step: Step,
  scope: Scope,
  place: Place,
  current?: Current,
): Promise<Target> {
  const target = await locate(work, step, scope, place, current);
  await requireAct(work, step, target.parent, "create");
  await requireRuleWriter(work, step, target.parent, target.name);
  return target;
}

interface Current {
  readonly parent: () => Promise<NodeRow>;
  readonly name: string;
}

async function locate(
  work: Work,
  step: Step,
  scope: Scope,
  place: Place,
  current: Current | undefined,
): Promise<Target> {
  if (place.path !== undefined) return findPath(work, step, place.path, place);
  if (place.name !== undefined) checkName(place.name);
  const name = place.name ?? current?.name;
  if (name === undefined) throw new HoldfastError("invalid_field", "Specify a name or a path.", { field: "name" });
  if (place.parentId === undefined && current !== undefined) return { parent: await current.parent(), name };
  const named = { text: place.parentId ?? "root", field: "parent_id", act: "create" as const };
  const found = await find(work, step, scope, named);
  requireFolder(found.row, "parent_id");
  if (found.standing.state === "trashed" && step.operation.revive === true) {
    return { parent: await liveFolder(work, step, found.row), name };
  }
  await requireLive(work, step, found);
  return { parent: found.row, name };
}

export function requireFolder(row: NodeRow, field: string): void {
  if (row.kind === "folder") return;
  throw new HoldfastError("invalid_field", `${JSON.stringify(row.name)} is not a folder.`, { field });
}

async function findPath(
  work: Work,
  step: Step,
  path: string,
  { under = step.caller.rootId, parents = false }: Place,
): Promise<Target> {
  const names = splitPath(path);
  const name = names.pop();
  if (name === undefined) {
    throw await conflictWith(work, step, {
      code: "exists",
      message: "The root folder always exists.",
      row: await work.tree.root(),
    });
  }
  let parent = (await work.tree.node(under)) ?? (await work.tree.root());
  for (const folder of names) {
    const found = await work.tree.child(parent.id, nameKey(folder));
    const isSeen = found !== undefined && (step.caller.owns || (await placed(work, step, found)) !== undefined);
    const child = isSeen ? found : undefined;
    if (child === undefined && !parents) {
      throw new HoldfastError("not_found", `There is no folder ${JSON.stringify(folder)} on the path.`, {
        field: "path",
      });
    }
    if (child !== undefined) requireFolder(child, "path");
    else await requireAct(work, step, parent, "create");
    if (child === undefined) await requireRuleWriter(work, step, parent, folder);
    parent =
      child ?? (await makeFolder(work, step, parent, await nameBeside(work, step, { parent, name: folder }, found)));
  }
  return { parent, name };
}

/**
 * Hides names in a folder that the caller cannot list.
 * @param unseen node that has the name
 * @throws HoldfastError exists if the caller can list the folder
 */
async function nameBeside(work: Work, step: Step, { parent, name }: Target, unseen?: NodeRow): Promise<string> {
  if (unseen === undefined) return name;
  if (await isBlind(work, step, parent)) return freeName(work, parent, name, "folder");
  throw await conflictWith(work, step, { code: "exists", message: "This name is taken.", row: unseen });
}
