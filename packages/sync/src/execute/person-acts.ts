import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { mapBounded } from "../bounded.ts";
import { type PathTable, pathOf } from "../paths.ts";
import { samePlace, type SyncedRow } from "../trees.ts";
import type { Hands } from "./hands.ts";

/** With more paths than that, one call for the whole filesystem costs less than a call for each. */
const pathsMax = 64;
const callsAtOnce = 8;

/**
 * What a person did may still be in memory only, and programs seldom ask for more. Before it is agreed on, here or with the
 * server, it is made durable: else a power cut could take it, and its absence would travel as a deletion, or what is left of
 * a file as an edit.
 *
 * @param ids nodes whose rows of the disk are about to become the base
 * @returns of which that failed, and why
 */
export async function makePersonActsDurable(
  { disk, state, faults }: Pick<Hands, "disk" | "state" | "faults">,
  ids: readonly NodeId[],
): Promise<ReadonlyMap<NodeId, HoldfastError>> {
  const failures = new Map<NodeId, HoldfastError>();
  if (faults.has("what a person did is not synced")) return failures;
  const traces = ids.map((id) => [id, tracesOf(state, id)] as const);
  const files = traces.flatMap(([, { file }]) => (file === undefined ? [] : [file]));
  const folders = new Set(traces.flatMap(([, each]) => each.folders));
  if (files.length + folders.size > pathsMax) {
    await disk.syncAll();
    return failures;
  }
  const failed = new Map<string, HoldfastError>();
  const attempt = async (path: string, sync: (path: string) => Promise<void>): Promise<void> => {
    try {
      await sync(path);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      failed.set(path, error);
    }
  };
  await mapBounded(files, callsAtOnce, (path) => attempt(path, (file) => disk.syncFile(file)));
  await mapBounded([...folders], callsAtOnce, (path) => attempt(path, (folder) => disk.syncFolder(folder)));
  for (const [id, { file, folders: above }] of traces) {
    const paths = file === undefined ? above : [file, ...above];
    const failure = paths.map((path) => failed.get(path)).find((each) => each !== undefined);
    if (failure !== undefined) failures.set(id, failure);
  }
  return failures;
}

interface Traces {
  readonly file: string | undefined;
  readonly folders: readonly string[];
}

/** Where the disk holds what is otherwise than in the base. */
function tracesOf(state: Hands["state"], id: NodeId): Traces {
  const local = state.local.get(id);
  const base = state.synced.get(id);
  const isOther = local?.kind === "file" && (base?.content !== local.content || base?.executable !== local.executable);
  // A file that was saved under the name of another is another name of the folder too.
  const isNamed = isOther || !samePlace(local, base?.place);
  const places = isNamed ? new Set([local?.parent, base?.place?.parent]) : [];
  return {
    file: isOther ? pathOf(state, id) : undefined,
    folders: [...places].flatMap((parent) => (parent === undefined ? [] : (pathOfNearest(state, parent) ?? []))),
  };
}

/** Of the folder, or of the nearest above it that is still there: it is what tells that the others are not. */
function pathOfNearest(
  table: PathTable & { readonly synced: Pick<ReadonlyMap<NodeId, SyncedRow>, "get"> },
  id: NodeId,
): string | undefined {
  let at: NodeId | undefined = id;
  const passed = new Set<NodeId>();
  while (at !== undefined && at !== table.rootId && table.local.get(at) === undefined && !passed.has(at)) {
    passed.add(at);
    at = table.synced.get(at)?.place?.parent;
  }
  if (at === undefined) return undefined;
  return at === table.rootId ? "" : pathOf(table, at);
}

/**
 * After the system was started anew the disk may hold less than was read from it, under the same times: of what was not made
 * durable nothing is taken for read.
 * @param boot names this run of the system; undefined: nobody knows
 */
export function distrustVolatile({ state, faults }: Pick<Hands, "state" | "faults">, boot: string | undefined): void {
  if (boot !== undefined && state.setting("boot") === boot) return;
  if (faults.has("what was read is believed after a power cut")) return;
  const doubtful = [...state.local].filter(
    ([id, { kind, content, sight }]) =>
      kind === "file" && sight === "known" && state.synced.get(id)?.content !== content,
  );
  state.commit({
    local: doubtful.map(([id, row]) => [id, { ...row, sight: "racy" }] as const),
    settings: boot === undefined ? [] : [["boot", boot]],
  });
}
