/** The engine's own folder in the root: nothing of it is ever synced. */
export const ownFolder = ".holdfast";
export const ownFolders = {
  temporary: `${ownFolder}/tmp`,
  parked: `${ownFolder}/parked`,
  trash: `${ownFolder}/trash`,
} as const;
/** What nobody but its writer has, and for which there is no place any more. Made when it is needed. */
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

/** A path and all folders above it, up to the root. */
export function withFoldersAbove(path: string): string[] {
  const found = [path];
  for (let at = path; at !== "";) found.push((at = folderOf(at)));
  return found;
}
