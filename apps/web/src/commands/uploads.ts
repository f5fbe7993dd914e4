/** Where uploads begin: of what was dropped from outside, or of what somebody picks. */
export interface UploadDoor {
  /** Takes what is dropped while the drop still lasts: after it the browser lets nobody read it. */
  readonly drop: (dropped: DroppedItems, folderId: string) => void;
  readonly pick: (kind: "files" | "folder", folderId: string) => void;
}

export interface DroppedItems {
  readonly items: Iterable<DroppedItem>;
}

export type DroppedItem = Pick<DataTransferItem, "kind" | "webkitGetAsEntry" | "getAsFile"> & {
  /** Some browsers lack it. */
  readonly getAsFileSystemHandle?: (() => Promise<FileSystemHandle | null>) | undefined;
};

type Picking = Parameters<UploadDoor["pick"]>;

let door: UploadDoor | undefined;
let early: Picking | undefined;
const dropped: Parameters<UploadDoor["drop"]>[] = [];

/** Said once, by what uploads. */
export function offerUploads(opened: UploadDoor): void {
  door = opened;
  if (early !== undefined) opened.pick(...early);
  for (const each of dropped.splice(0)) opened.drop(...each);
}

/** What uploads comes behind the first list: whoever is faster picks as soon as it is there. To be called by a click. */
export function pickUploads(...wanted: Picking): void {
  if (door === undefined) early = wanted;
  else door.pick(...wanted);
}

/** Whoever is faster than what uploads is not asked again: all that the drop has is held until then. To be called while it lasts. */
export function dropUploads({ items }: DroppedItems, folderId: string): void {
  if (door === undefined) dropped.push([{ items: Array.from(items, held) }, folderId]);
  else door.drop({ items }, folderId);
}

function held(item: DroppedItem): DroppedItem {
  const [entry, file, handle] = [item.webkitGetAsEntry(), item.getAsFile(), item.getAsFileSystemHandle?.()];
  return {
    kind: item.kind,
    webkitGetAsEntry: () => entry,
    getAsFile: () => file,
    getAsFileSystemHandle: handle && (() => handle),
  };
}
