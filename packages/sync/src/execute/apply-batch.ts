import { HoldfastError } from "@holdfast/core/errors";
import { DiskChanged } from "../model/disk-changed.ts";
import type { LocalOperation } from "../plan/plan-types.ts";
import { type DiskPlace, type Intent, type LocalRow, type RemoteRow, samePlace } from "../model/trees.ts";
import { writeContent, writesContent } from "./batch.ts";
import { createdPrivacy } from "../model/privacy.ts";
import { copyAside } from "./copy-aside.ts";
import { type Failures, tryEach } from "./failures.ts";
import { pathOf } from "../model/tree-paths.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { moveNode, park, setNode } from "./move.ts";
import { type Deletion, removeTogether } from "./remove.ts";

/**
 * Executes neighboring operations that belong together (`localBatchesOf`). Never throws; a failed operation leaves the
 * disk unchanged. Rows are committed once their facts are durable.
 * @returns failed operations and their errors
 */
export async function applyBatch(context: ExecutionContext, batch: readonly LocalOperation[]): Promise<Failures> {
  const { state } = context;
  // An earlier operation may be done but unseen. Another one would hide that.
  const hidden = batch.filter(({ id }) => state.intents.has(id));
  const failures: Failures = new Map(hidden.map((operation) => [operation, new DiskChanged(operation.id)]));
  const ready = batch.filter((operation) => !failures.has(operation));
  const intents = ready.flatMap((operation) => {
    const intent = intentOf(operation, state);
    return intent === undefined ? [] : [[operation.id, intent] as const];
  });
  if (intents.length > 0) state.commit({ intents });
  return new Map([...failures, ...(await applyKind(context, ready))]);
}

function applyKind(context: ExecutionContext, ready: readonly LocalOperation[]): Promise<Failures> {
  const writing = ready.filter(writesContent);
  if (writing.length > 0) return writeContent(context, writing);
  const deletions = ready.filter((operation): operation is Deletion => operation.op === "delete");
  return deletions.length > 0 ? removeTogether(context, deletions) : applyEach(context, ready);
}

async function applyEach(context: ExecutionContext, operations: readonly LocalOperation[]): Promise<Failures> {
  const failures: Failures = new Map();
  for (const operation of operations) await tryEach(failures, operation, () => applyOne(context, operation));
  return failures;
}

function intentOf(operation: LocalOperation, state: ExecutionContext["state"]): Intent | undefined {
  const { remote, synced } = state;
  if (operation.op === "delete") return { place: placeOnDisk(operation.local), content: undefined, executable: false };
  if (operation.op === "move") return moveIntentOf(operation, remote.get(operation.id));
  if (operation.op === "set") {
    const { id, local, executable, isPrivate } = operation;
    const isServers = remote.get(id)?.content === local.content;
    // A mode change does not agree on bytes or an executable bit that a person has set.
    const base = synced.get(id);
    const content = isServers ? local.content : base?.content;
    const agreed = executable === local.executable ? (base?.executable ?? executable) : executable;
    return content === undefined ? undefined : { place: placeOnDisk(local), content, executable: agreed, isPrivate };
  }
  if (operation.op !== "create" && operation.op !== "replace") return undefined;
  const { content, executable } = operation.remote;
  const isPrivate = createdPrivacy(state, operation.id, operation.remote);
  const place = placeOnDisk(operation.op === "create" ? operation.place : operation.local);
  return { place, content, executable, isPrivate };
}

/**
 * Without this intent, a scan after a crash could take a new item at the old name for the moved one, or a disk-specific
 * name for a person's choice.
 */
function moveIntentOf(
  { place, local }: { readonly place: DiskPlace; readonly local: LocalRow },
  remote: RemoteRow | undefined,
): Intent {
  const { content, executable } = local;
  const intent = { place: placeOnDisk(place), content, executable, isMove: true } as const;
  return samePlace(remote, place) ? { ...intent, isServersPlace: true } : intent;
}

function placeOnDisk({ parent, name, alias }: DiskPlace): DiskPlace {
  return alias === undefined ? { parent, name } : { parent, name, alias };
}

/**
 * True for a file with other hard links, which are other nodes. Content that the server lacks cannot be rebuilt as a
 * new file.
 */
async function mustBreakLinks(
  { disk, state, missingFeatures }: ExecutionContext,
  { id, local, executable, isPrivate }: LocalOperation & { op: "set" },
): Promise<boolean> {
  const isFlipped = executable !== local.executable && !missingFeatures.has("executable bits");
  const isOther = isPrivate !== local.isPrivate && !missingFeatures.has("private modes");
  const isServers = local.kind === "file" && state.remote.get(id)?.content === local.content;
  const path = isServers && (isFlipped || isOther) ? pathOf(state, id) : undefined;
  return path !== undefined && ((await disk.stat(path))?.links ?? 1) > 1;
}

/** Replaces the file with a new one, so that its other hard links keep their mode. */
async function setOnCopy(context: ExecutionContext, operation: LocalOperation & { op: "set" }): Promise<void> {
  const { id, local, executable, isPrivate } = operation;
  const remote = context.state.remote.get(id);
  if (remote?.content !== local.content) throw new DiskChanged(id);
  const [failure] = (
    await writeContent(context, [{ op: "replace", id, local, remote, executable, isPrivate }])
  ).values();
  if (failure !== undefined) throw failure;
}

async function applyOne(context: ExecutionContext, operation: LocalOperation): Promise<void> {
  switch (operation.op) {
    case "create":
    case "replace":
    case "delete":
      throw new HoldfastError("internal", "Content transfers and deletions must run in batches.");
    case "move":
      return moveNode(context, operation);
    case "set":
      return (await mustBreakLinks(context, operation)) ? setOnCopy(context, operation) : setNode(context, operation);
    case "park":
      return park(context, operation);
    case "copy_aside":
      return copyAside(context, operation);
    default:
      throw new HoldfastError("internal", `There is no local operation ${JSON.stringify(operation satisfies never)}.`);
  }
}
