import { HoldfastError } from "@holdfast/core/errors";
import { conflictedName } from "../model/conflicted-name.ts";
import { folderOf, joinPath, nameOf, ownFolder, ownFolders, quarantineName } from "@holdfast/sync-ports/paths";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { failureOf } from "./durable.ts";
import { type ExecutionContext, randomName, syncFolders } from "./execution-context.ts";
import { checkClock } from "./steady-clock.ts";

const keptForMs = 30 * 86_400_000;
/** A longer path could exceed filesystem limits inside the trash. */
const pathBytesMax = 2048;

export type TrashContext = Pick<ExecutionContext, "disk" | "state" | "random" | "nowMs">;

export class TrashPlaces {
  readonly #context: TrashContext;
  readonly #into: "trash" | "quarantine";
  readonly #folders = new Map<string, Promise<string>>();
  readonly #taken = new Set<string>();

  constructor(context: TrashContext, into: "trash" | "quarantine" = "trash") {
    this.#context = context;
    this.#into = into;
  }

  /** Free path: the day (UTC), then the former path, with a suffix if taken. Its folders exist durably. */
  async placeFor(path: string): Promise<string> {
    const isDeep = Buffer.byteLength(path) > pathBytesMax;
    const place = isDeep ? `${randomName(this.#context)} ${path.slice(-60).replaceAll("/", " ")}` : path;
    const folder = await this.#folderFor(folderOf(place));
    const free = await freePath(this.#context, folder, nameOf(place), this.#taken);
    this.#taken.add(free);
    return free;
  }

  #folderFor(path: string): Promise<string> {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const folder = this.#makeFolder(path);
    this.#folders.set(path, folder);
    // The caller receives the error.
    folder.catch(() => undefined);
    return folder;
  }

  async #makeFolder(path: string): Promise<string> {
    if (path !== "") return ensureFolder(this.#context, await this.#folderFor(folderOf(path)), nameOf(path));
    const day = new Date(this.#context.nowMs()).toISOString().slice(0, 10);
    const isTrash = this.#into === "trash";
    return ensureFolder(this.#context, isTrash ? ownFolders.trash : await ensureQuarantine(this.#context), day);
  }
}

/** Removes trash and leftovers older than 30 days, unless the clock has jumped within the last day. */
export async function expireTrash(context: ExecutionContext): Promise<void> {
  const { disk, nowMs, state } = context;
  if (!checkClock(state, nowMs())) return;
  // The next run tries failed items again.
  for (const name of await disk.list(ownFolders.trash)) await failureOf(expire(context, name));
}

async function expire(context: ExecutionContext, name: string): Promise<void> {
  const path = joinPath(ownFolders.trash, name);
  const stat = await context.disk.stat(path);
  if (stat === undefined) return;
  const dayEndMs = Date.parse(`${name}T24:00:00Z`);
  const sinceMs = Number.isNaN(dayEndMs) ? Number(stat.fingerprint.ctimeNs / 1_000_000n) : dayEndMs;
  if (sinceMs + keptForMs >= context.nowMs()) return;
  await removeTree(context, path);
  const { state } = context;
  // Leftovers of a failed removal lose their rows and count as the only copy.
  state.commit({ agreedTrash: state.agreedTrash.below(path).map((each) => [each, undefined] as const) });
}

/** Counts uses, so that the content is listed again afterwards (`loop/reports/quarantine-list.ts`). */
async function ensureQuarantine(context: TrashContext): Promise<string> {
  const uses = Number(context.state.setting("quarantine")) || 0;
  context.state.commit({ settings: [["quarantine", String(uses + 1)]] });
  return ensureFolder(context, ownFolder, quarantineName);
}

async function ensureFolder(context: TrashContext, folder: string, name: string): Promise<string> {
  for (const candidate of candidates(name)) {
    const path = joinPath(folder, candidate);
    const stat = await context.disk.stat(path);
    if (stat?.kind === "folder") return path;
    if (stat !== undefined) continue;
    await context.disk.mkdir(path);
    await syncFolders(context, path);
    return path;
  }
  throw new HoldfastError("internal", `There is no free name for ${name} in the local trash.`);
}

async function freePath(
  context: TrashContext,
  folder: string,
  name: string,
  taken: ReadonlySet<string>,
): Promise<string> {
  for (const candidate of candidates(name)) {
    const path = joinPath(folder, candidate);
    if (!taken.has(path) && (await context.disk.stat(path)) === undefined) return path;
  }
  throw new HoldfastError("internal", `There is no free name for ${name} in the local trash.`);
}

function* candidates(name: string): Generator<string> {
  yield name;
  const tried = new Set<string>();
  for (;;) {
    const next = conflictedName(name, "deleted again", (each) => !tried.has(each));
    tried.add(next);
    yield next;
  }
}

/** Stashed files stay in the tree. */
async function removeTree(context: ExecutionContext, path: string): Promise<void> {
  const { disk, state } = context;
  const stat = await disk.stat(path);
  if (stat === undefined || state.stashed.has(path)) return;
  if (stat.kind !== "folder") return disk.unlink(path);
  for (const name of await disk.list(path)) await removeTree(context, joinPath(path, name));
  if ((await disk.list(path)).length === 0) await disk.rmdir(path);
}

/** Makes moves into the trash before a crash durable. */
export async function syncStash({ disk, state }: Pick<ExecutionContext, "disk" | "state">): Promise<void> {
  for (const folder of new Set([...state.stashed.keys()].map(folderOf))) await syncIfThere(disk, folder);
}

/** A power failure may have removed a trash folder with its incoming files. */
export async function syncIfThere(disk: Pick<LocalDisk, "stat" | "syncFolder">, folder: string): Promise<void> {
  if ((await disk.stat(folder))?.kind === "folder") await disk.syncFolder(folder);
}
