import { HoldfastError } from "@holdfast/core/errors";
import type { BlockCell } from "../blocks/block-cell.ts";
import { readDataKeyRows } from "../blocks/keyring.ts";
import { newestSnapshot, timeOfBackup } from "../blocks/stored-metadata.ts";

/**
 * A database that is lost is made anew and empty by a start, beside a store that has all that was in it. Somebody has to be told, before
 * strangers find a server without accounts, and devices one without files.
 * @throws HoldfastError failed, in words for whoever starts the server
 */
export async function refuseNewDatabase({ db, store }: Pick<BlockCell, "db" | "store">): Promise<void> {
  if ((await readDataKeyRows(db)).length > 0) return;
  const newest = await newestSnapshot(store);
  if (newest === undefined) return;
  const time = new Date(timeOfBackup(newest) ?? 0).toISOString();
  throw new HoldfastError(
    "failed",
    `The database is new and empty, and the store has the metadata of one that was there, as of ${time} or later. Was it lost? ` +
      "'holdfast admin rebuild --from STORE --key FILE --data NEW' brings it back. To begin with an empty one all the same, " +
      "move `metadata` (in a folder: `objects/metadata`) out of the store.",
  );
}
