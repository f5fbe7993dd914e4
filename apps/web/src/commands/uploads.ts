/** Where uploads begin: of what was dropped from outside, or of what somebody picks. */
export interface UploadDoor {
  /** Takes what is dropped while the drop still lasts: after it the browser lets nobody read it. */
  readonly drop: (dropped: DataTransfer, folderId: string) => void;
  readonly pick: (kind: "files" | "folder", folderId: string) => void;
}

type Picking = Parameters<UploadDoor["pick"]>;

let door: UploadDoor | undefined;
let early: Picking | undefined;

/** Said once, by what uploads. */
export function offerUploads(opened: UploadDoor): void {
  door = opened;
  if (early !== undefined) opened.pick(...early);
}

/** What uploads comes behind the first list: whoever is faster picks as soon as it is there. To be called by a click. */
export function pickUploads(...wanted: Picking): void {
  if (door === undefined) early = wanted;
  else door.pick(...wanted);
}

export function uploads(): UploadDoor | undefined {
  return door;
}
