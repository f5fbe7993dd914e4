/** Entry point of the upload code. */
export interface UploadDoor {
  /** Call inside the drop event; browsers make the items unreadable afterwards. */
  readonly drop: (dropped: DroppedItems, folderId: string) => void;
  readonly pick: (kind: PickKind, folderId: string) => void;
  readonly unfinished: () => readonly string[];
}

export type PickKind = "files" | "folder" | "photo";

export interface DroppedItems {
  readonly items: Iterable<DroppedItem>;
}

export type DroppedItem = Pick<DataTransferItem, "kind" | "webkitGetAsEntry" | "getAsFile"> & {
  /** Missing in some browsers. */
  readonly getAsFileSystemHandle?: (() => Promise<FileSystemHandle | null>) | undefined;
};

type Picking = Parameters<UploadDoor["pick"]>;

let door: UploadDoor | undefined;
let early: Picking | undefined;
const dropped: Parameters<UploadDoor["drop"]>[] = [];

/** Replays the calls made before the upload code had loaded. */
export function offerUploads(opened: UploadDoor): void {
  door = opened;
  if (early !== undefined) opened.pick(...early);
  for (const each of dropped.splice(0)) opened.drop(...each);
}

/** Opens a file picker. Call it in a click event. Before the upload code has loaded, the last request is kept. */
export function pickUploads(...wanted: Picking): void {
  if (door === undefined) early = wanted;
  else door.pick(...wanted);
}

/** Uploads dropped items. Call it in the drop event. Before the upload code has loaded, the items are read and kept. */
export function dropUploads({ items }: DroppedItems, folderId: string): void {
  if (door === undefined) dropped.push([{ items: Array.from(items, held) }, folderId]);
  else door.drop({ items }, folderId);
}

export function unfinishedUploads(): readonly string[] {
  return door?.unfinished() ?? [];
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
