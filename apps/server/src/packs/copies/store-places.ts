import { join, resolve } from "node:path";
import { isS3Location, parseS3Location } from "@holdfast/object-store/s3-location";
import type { Config } from "../../base/config/read-config.ts";
import type { Cell } from "../../base/db/shards.ts";

/**
 * Returns the one or two locations of a cell's packs. A cell with its own store has a second one only if it names that
 * too.
 * @param dataFolder absolute
 */
export function storePlaces(
  cell: Pick<Cell, "store" | "secondStore">,
  { store, secondStore }: Pick<Config, "store" | "secondStore">,
  dataFolder: string,
): readonly string[] {
  const first = cell.store ?? store ?? join(dataFolder, "store");
  const second = cell.secondStore ?? (cell.store === undefined ? secondStore : undefined);
  return (second === undefined ? [first] : [first, second]).map(normalized);
}

/** Rejects invalid locations before anything is opened. */
function normalized(place: string): string {
  if (!isS3Location(place)) return resolve(place);
  parseS3Location(place);
  return place;
}
