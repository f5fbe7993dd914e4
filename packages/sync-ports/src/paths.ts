/** Engine's own folder in the root; never synced. */
export const ownFolder = ".holdfast";
export const ownFolders = {
  temporary: `${ownFolder}/tmp`,
  parked: `${ownFolder}/parked`,
  trash: `${ownFolder}/trash`,
} as const;
/** For files that only their writer has and that have no place. Created on demand. */
export const quarantineName = "quarantine";
export const markerPath = `${ownFolder}/root.json`;
export const clockPath = `${ownFolder}/clock`;
export function joinPath(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? "" : path.slice(0, slash);
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A path and all folders above, up to the root. */
export function withFoldersAbove(path: string): string[] {
  const found = [path];
  for (let at = path; at !== "";) found.push((at = folderOf(at)));
  return found;
}
