import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { DiskChanged } from "../model/disk-changed.ts";
import { mapBounded } from "@holdfast/core/task-group";
import { pathOfNode } from "../model/tree-paths.ts";
import { folderOf, joinPath } from "@holdfast/sync-ports/paths";
import type { LocalOperation } from "../plan/plan-types.ts";
import type { Stashed } from "../state/stashed.ts";
import { type ContentKey, nameOnDisk } from "../model/trees.ts";
import { type Failures, tryEach } from "./failures.ts";
import { renewGeneration } from "./generation.ts";
import { statOrThrow } from "./create.ts";
import { type ExecutionContext, isUnchangedItem, knownPath, recheck, syncFolders } from "./execution-context.ts";
import { KnownFolders } from "./known-folders.ts";
import { TrashPlaces } from "./local-trash.ts";
import { stashOf } from "./stash.ts";

export type Deletion = LocalOperation & { readonly op: "delete" };

const syncsAtOnce = 8;

interface Leaving {
  readonly operation: Deletion;
  readonly path: string;
  /** undefined: the item is a folder */
  readonly trashed: string | undefined;
}

type LeavingFile = Leaving & { readonly trashed: string };

/**
 * Moves each file to the local trash by one rename; it returns if it is not the expected one. Empty folders follow.
 * Each folder is checked once before and synced once after. Stash records are committed before, rows after.
 */
export async function removeTogether(context: ExecutionContext, deletions: readonly Deletion[]): Promise<Failures> {
  const failures: Failures = new Map();
  const folders = new KnownFolders(context);
  const places = { trash: new TrashPlaces(context), quarantine: new TrashPlaces(context, "quarantine") };
  const leaving: LeavingFile[] = [];
  for (const operation of deletions.filter(({ local }) => local.kind !== "folder")) {
    await tryEach(
      failures,
      operation,
      async () => void leaving.push(await prepare(context, folders, places, operation)),
    );
  }
  // Renews the generation before deleting. After a crash, the folder must not match a restored state, which would
  // upload these deletions.
  if (leaving.length > 0) await renewGeneration(context);
  context.state.commit({
    stashed: leaving.map((each) => stashedBy(context, each)),
    agreedTrash: leaving.map((each) => [each.trashed, contentOnServer(context, each.operation)] as const),
  });
  const gone: Leaving[] = [];
  for (const each of leaving) {
    await tryEach(failures, each.operation, async () => {
      await moveAway(context, each);
      gone.push(each);
    });
  }
  // Files must be durably gone before their folder. Those that return after a power failure would count as new.
  await settle(context, gone, failures);
  const emptied: Leaving[] = [];
  for (const operation of deletions.filter(({ local }) => local.kind === "folder")) {
    await tryEach(failures, operation, async () => void emptied.push(await removeFolder(context, operation)));
  }
  await settle(context, emptied, failures);
  return failures;
}

async function prepare(
  context: ExecutionContext,
  folders: KnownFolders,
  places: Readonly<Record<Deletion["into"], TrashPlaces>>,
  operation: Deletion,
): Promise<LeavingFile> {
  const { id, local } = operation;
  const { state } = context;
  const path = state.parked.has(id)
    ? await knownPath(context, id)
    : joinPath(await folders.pathOf(local.parent), nameOnDisk(local));
  await recheck(context, path, local);
  return { operation, path, trashed: await places[operation.into].placeFor(pathOfNode(state, id) ?? local.name) };
}

function stashedBy(
  context: ExecutionContext,
  { operation: { local }, trashed }: LeavingFile,
): readonly [string, Stashed] {
  return [trashed, stashOf(context, local, { path: trashed, contents: [local.content], keep: true })];
}

/**
 * Returns the content if the server had it as the node's newest version at the last agreement. A base alone proves
 * nothing: an undone rewrite makes unsent bytes the base. A row without a revision is an offer without a response.
 */
function contentOnServer({ state }: ExecutionContext, { id, local, into }: Deletion): ContentKey | undefined {
  const remote = state.remote.get(id);
  const isOnServer = remote?.content === local.content && remote.revision !== "";
  const isAgreed = state.synced.get(id)?.content === local.content;
  return into === "trash" && isOnServer && isAgreed ? local.content : undefined;
}

async function moveAway(context: ExecutionContext, { operation, path, trashed }: LeavingFile): Promise<void> {
  await context.disk.rename(path, trashed);
  const taken = await statOrThrow(context, trashed);
  if (isUnchangedItem(context, taken, operation.local)) return;
  await putBack(context, trashed, path);
  throw new DiskChanged(path);
}

async function removeFolder(context: ExecutionContext, operation: Deletion): Promise<Leaving> {
  const path = await knownPath(context, operation.id);
  await recheck(context, path, operation.local);
  await context.disk.rmdir(path);
  return { operation, path, trashed: undefined };
}

/** If a folder could not be synced, its deletions are uncertain, and the next scan decides. */
async function settle(context: ExecutionContext, gone: readonly Leaving[], failures: Failures): Promise<void> {
  const { state, disk } = context;
  if (gone.length === 0) return;
  const removed = new Set(gone.flatMap(({ operation, path }) => (operation.local.kind === "folder" ? [path] : [])));
  const folders = new Set(gone.flatMap(({ path, trashed }) => [path, trashed ?? path]).map(folderOf));
  const unsynced = new Map<string, HoldfastError>();
  const there = [...folders].filter((folder) => !removed.has(folder));
  await mapBounded(there, syncsAtOnce, async (folder) => {
    try {
      await disk.syncFolder(folder);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      unsynced.set(folder, error);
    }
  });
  const done: NodeId[] = [];
  for (const { operation, path, trashed } of gone) {
    const failure = unsynced.get(folderOf(path)) ?? unsynced.get(folderOf(trashed ?? path));
    if (failure === undefined) done.push(operation.id);
    else failures.set(operation, failure);
  }
  const none = done.map((id) => [id, undefined] as const);
  state.commit({ local: none, synced: none, parked: none, intents: none });
}

/** If the name is taken, the item stays in the trash and is handled as stashed. */
async function putBack(context: ExecutionContext, trashed: string, path: string): Promise<void> {
  try {
    await context.disk.rename(trashed, path);
    await syncFolders(context, path, trashed);
    context.state.commit({ stashed: [[trashed, undefined]], agreedTrash: [[trashed, undefined]] });
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
  }
}
