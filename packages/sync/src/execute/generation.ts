import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { joinPath, ownFolder } from "@holdfast/sync-ports/paths";
import type { ExecutionContext } from "./execution-context.ts";
import { mountsOfText, type RecordedMounts, textOfMounts } from "./recorded-mounts.ts";

type Parts = Pick<ExecutionContext, "disk" | "state" | "random">;

/** Followed by random characters. The file is empty or names the mounts. */
const prefix = "generation-";
const textBytesMax = 16 * 2 ** 20;
const [current, next] = ["generation", "next generation"] as const;

export interface Adoption extends RecordedMounts {
  readonly settings: readonly (readonly [string, string])[];
}

/**
 * Compares the generations of state and folder, which are renewed together. If they differ, one was restored from a
 * backup, and the base may contain items that the folder lacks without a deletion.
 * @returns undefined if equal; otherwise the folder's generation and mounts for the state
 */
export async function otherGeneration(
  parts: Pick<ExecutionContext, "disk" | "state" | "makeNodeId">,
): Promise<Adoption | undefined> {
  const { disk, state } = parts;
  const found = await list(disk);
  const known = [state.setting(current), state.setting(next)].filter((each) => each !== undefined && each !== "");
  if (found.length === 0 ? known.length === 0 : found.some((each) => known.includes(each))) return undefined;
  const settings = [[current, found[0] ?? ""] as const, [next, ""] as const];
  const texts = await Promise.all(found.map((name) => textOf(disk, name)));
  const mounts = texts.map((text) => mountsOfText(state, parts.makeNodeId, text));
  return { settings, shares: mounts.flatMap((each) => each.shares), local: mounts.flatMap((each) => each.local) };
}

async function textOf(disk: Parts["disk"], name: string): Promise<string> {
  const path = joinPath(ownFolder, name);
  const { fingerprint } = (await disk.stat(path)) ?? {};
  const sizeBytes = Math.min(fingerprint?.sizeBytes ?? 0, textBytesMax);
  return sizeBytes === 0 ? "" : Buffer.from(await disk.readAt(path, 0, sizeBytes)).toString();
}

/** Keeps the old generation if the disk is full. */
export async function renewGeneration({ disk, state, random }: Parts): Promise<void> {
  const name = `${prefix}${Buffer.from(random(8)).toString("hex")}`;
  const before = await list(disk);
  const path = joinPath(ownFolder, name);
  const bytes = Buffer.from(textOfMounts(state));
  const parts = bytes.length === 0 ? [] : [{ kind: "bytes", hash: sha256(bytes), bytes } as const];
  // The state records the new generation before the disk does. Old ones are removed after the state has switched.
  state.commit({ settings: [[next, name]] });
  try {
    // A mount may be in a folder whose names are private.
    await disk.create(path, parts, { mtimeNs: undefined, executable: false, isPrivate: true });
    if (parts.length > 0) await disk.syncFile(path);
    await disk.syncFolder(ownFolder);
    state.commit({ settings: [[current, name]] });
    state.isBaseNewer = false;
    state.areMountsNewer = false;
    // A leftover generation would make older states match too.
    await Promise.allSettled(before.map((each) => disk.unlink(joinPath(ownFolder, each))));
    await disk.syncFolder(ownFolder);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
  }
}

async function list(disk: Parts["disk"]): Promise<string[]> {
  return (await disk.list(ownFolder)).filter(isGeneration);
}

export function isGeneration(name: string): boolean {
  return name.startsWith(prefix);
}
