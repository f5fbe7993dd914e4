import { excludedPaths } from "@holdfast/sync/state/exclusion";
import { ignorePath, Rules } from "@holdfast/sync/rules/rules";
import { withFoldersAbove } from "@holdfast/sync-ports/paths";
import { contentOf } from "./small-blocks.ts";
import type { World } from "./world.ts";
import type { Device } from "./world-state.ts";

type Tree = ReadonlyMap<string, string>;

/** Returns the rules of an idle device: excluded paths, and rules in force. */
function rulesOf(device: Device): Rules {
  const { engine, state } = device;
  const isHeld = engine.outcome?.problems.some(({ code }) => code === "rules_held") === true;
  return new Rules(isHeld ? (state.setting("ignore text") ?? "") : rulesOnDisk(device), excludedPaths(state));
}

function rulesOnDisk({ root }: Device): string {
  const file = root.at(ignorePath);
  return file?.kind === "file" ? Buffer.from(file.now.bytes).toString() : "";
}

/**
 * Returns both trees without hidden and reported items. A one-sided folder may stay for its hidden content. An item
 * that would take its place waits and is reported.
 */
export function shownOf(device: Device, one: Tree, other: Tree): readonly [Tree, Tree] {
  const rules = rulesOf(device);
  const isHidden = (path: string, what: string): boolean => rules.hides(path, what === "folder");
  const problems = device.engine.outcome?.problems ?? [];
  const reported = new Set(problems.map(({ path }) => path));
  const isReported = (path: string): boolean => withFoldersAbove(path).some((at) => reported.has(at));
  const isAnyBlocked = problems.some(({ code }) => code === "blocked");
  const keepersOf = (tree: Tree): ReadonlySet<string> =>
    new Set([...tree].flatMap(([path, what]) => (isHidden(path, what) ? withFoldersAbove(path) : [])));
  const [keepers, othersKeepers] = [keepersOf(one), keepersOf(other)];
  const isLeft = (path: string): boolean => {
    const keeps = (keepers.has(path) && one.get(path) === "folder") || othersKeepers.has(path);
    return keeps && (isAnyBlocked || !one.has(path) || !other.has(path)) && one.get(path) !== other.get(path);
  };
  const shown = (tree: Tree): Tree =>
    new Map([...tree].filter(([path, what]) => !isHidden(path, what) && !isReported(path) && !isLeft(path)));
  return [shown(one), shown(other)];
}

/** Returns contents that a device hides or reports. Nobody sends or removes them. */
export function hiddenContents({ devices }: Pick<World, "devices">): Set<string> {
  const hidden = new Set<string>();
  for (const device of devices) {
    const rules = rulesOf(device);
    const problems = new Set((device.engine.outcome?.problems ?? []).map(({ path }) => path));
    for (const [path, inode] of device.root.visible()) {
      const isAside = rules.hides(path, inode.kind === "folder") || problems.has(path);
      if (inode.kind === "file" && isAside) hidden.add(contentOf(inode.now.bytes));
    }
  }
  return hidden;
}
