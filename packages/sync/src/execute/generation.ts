import { HoldfastError } from "@holdfast/core/errors";
import { joinPath, ownFolder } from "@holdfast/sync-ports/paths";
import type { Hands } from "./hands.ts";

type Parts = Pick<Hands, "disk" | "state" | "random">;

/** Followed by random characters. The file is empty, so that one call creates it. */
const prefix = "generation-";
/** Settings of the state: the generation of state and folder, and the one that is being written. */
const [current, next] = ["generation", "next generation"] as const;

/**
 * State and folder carry the same generation, which is renewed while the base changes. If they differ, one of the two was restored from
 * a backup: the base may have items that the folder lacks for another reason than a deletion.
 * @returns undefined if both are the same; otherwise the settings by which the state has that of the folder
 */
export async function otherGeneration({
  disk,
  state,
}: Pick<Parts, "disk" | "state">): Promise<readonly (readonly [string, string])[] | undefined> {
  const found = await list(disk);
  const known = [state.setting(current), state.setting(next)].filter((each) => each !== undefined && each !== "");
  if (found.length === 0 ? known.length === 0 : found.some((each) => known.includes(each))) return undefined;
  return [
    [current, found[0] ?? ""],
    [next, ""],
  ];
}

/** Without room on the disk the generation stays as it is. */
export async function renewGeneration({ disk, state, random }: Parts): Promise<void> {
  const name = `${prefix}${Buffer.from(random(8)).toString("hex")}`;
  const before = await list(disk);
  // Known before it is on the disk, and alone there only once the state has it.
  state.commit({ settings: [[next, name]] });
  try {
    await disk.create(joinPath(ownFolder, name), [], { mtimeNs: undefined, executable: false });
    await disk.syncFolder(ownFolder);
    state.commit({ settings: [[current, name]] });
    state.isBaseNewer = false;
    // A folder with a former generation fits older states, too.
    await Promise.allSettled(before.map((each) => disk.unlink(joinPath(ownFolder, each))));
    await disk.syncFolder(ownFolder);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
  }
}

async function list(disk: Parts["disk"]): Promise<string[]> {
  return (await disk.list(ownFolder)).filter(isGeneration);
}

/** @param name in the engine's own folder */
export function isGeneration(name: string): boolean {
  return name.startsWith(prefix);
}
