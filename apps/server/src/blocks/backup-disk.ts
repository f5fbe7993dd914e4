import { realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";

interface Backed {
  /** A folder or `s3://…`. */
  readonly place: string;
  /** Of the server that is backed up. */
  readonly config: {
    readonly dataFolder: string;
    /** Folders or `s3://…`. */
    readonly store: string | undefined;
    readonly secondStore: string | undefined;
  };
}

/** @throws HoldfastError usage where the backup would go with what it is a backup of */
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

/** Whether one disk that fails takes the server and its backup, as far as can be told. */
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

/** Without links, also of what is not there yet. */
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
