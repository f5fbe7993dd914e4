import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { idOf } from "../../base/data-folder/known-folder.ts";

/**
 * Prevents writes and deletions if another server's store replaced the folder, by a mount or a move. The same disk may
 * get another device number when remounted, so the store's content is checked after a change.
 * @param isOwn true if the current store may be this server's
 */
export function guardFolder(store: ObjectStore, folder: string, isOwn: () => Promise<boolean>): ObjectStore {
  const objects = join(folder, "objects");
  let known = idIfThere(objects);
  const assertOwn = async (): Promise<void> => {
    const id = idIfThere(objects);
    // The call itself reports a folder that has gone or cannot be read.
    if (id === undefined || id === known) return;
    if (known !== undefined && !(await isOwn())) throw otherStore();
    known = id;
  };
  return {
    ...store,
    put: async (...given) => {
      await assertOwn();
      return store.put(...given);
    },
    delete: async (...given) => {
      await assertOwn();
      return store.delete(...given);
    },
  };
}

function idIfThere(path: string): string | undefined {
  try {
    return idOf(path);
  } catch {
    return undefined;
  }
}

function otherStore(): HoldfastError {
  const message =
    "The store is not available: the store of another server is in its place. Is the right disk mounted? Try again when it is back.";
  return new HoldfastError("unavailable", message);
}
