import type { ObjectStore } from "@holdfast/object-store/object-store";
import { packIdOfKey, packPrefix } from "../format/pack-format.ts";
import type { PackId } from "../format/pack-format.ts";

export interface ListedPack {
  readonly packId: PackId;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** Yields packs in the order of their ids. */
export async function* listPacks(
  store: ObjectStore,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListedPack[], void, undefined> {
  let page: ListedPack[] = [];
  for await (const { key, sizeBytes, modifiedAtMs } of store.list(packPrefix, signal === undefined ? {} : { signal })) {
    const packId = packIdOfKey(key);
    if (packId !== undefined) page.push({ packId, sizeBytes, modifiedAtMs });
    if (page.length < pagePacks) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

const pagePacks = 500;
