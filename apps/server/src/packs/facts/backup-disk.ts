import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";

interface Backed {
  /** A folder or `s3://…`. */
  readonly place: string;
  readonly config: {
    readonly dataFolder: string;
    readonly store: string | undefined;
    readonly secondStore: string | undefined;
  };
}

/** @throws HoldfastError usage if the backup would be inside a folder of the server, and be lost with it */
export function assertApart({ place, config }: Backed): void {
  if (isBucket(place)) return;
  const real = realOf(place);
  const around = foldersOf(config).find((folder) => isInside(real, realOf(folder)));
  if (around === undefined) return;
  throw new HoldfastError(
    "usage",
    `${place} is in ${around}, which belongs to the server: if that folder is lost, so is the backup. Specify a folder on another disk, or s3://….`,
  );
}

/** Returns true if the backup is on the same disk as the server, as far as this can be determined. */
export function isOnSameDisk({ place, config }: Backed): boolean {
  if (isBucket(place)) return false;
  const device = deviceOf(place);
  return device !== undefined && foldersOf(config).some((folder) => deviceOf(folder) === device);
}

function foldersOf({ dataFolder, store, secondStore }: Backed["config"]): readonly string[] {
  const stores = [store, secondStore].filter((each) => each !== undefined);
  return [dataFolder, ...stores.filter((each) => !isBucket(each))];
}

const isBucket = (place: string): boolean => place.startsWith("s3://");

/** Also resolves paths that do not exist yet. */
function realOf(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch {
    const above = dirname(whole);
    return above === whole ? whole : join(realOf(above), basename(whole));
  }
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

function deviceOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.dev;
}
