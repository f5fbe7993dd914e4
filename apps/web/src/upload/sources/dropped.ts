import type { DroppedItems } from "../../commands/uploads.ts";
import type { Source } from "./walk.ts";

export interface Dropped {
  readonly sources: readonly Source[];
  /** Handles for reopening after a reload. Empty if the browser lacks them. */
  readonly handles: Promise<readonly FileSystemHandle[]>;
}

/** Call inside the drop event before any await; afterwards the items are unreadable. */
export function takeDropped(dropped: DroppedItems): Dropped {
  const sources: Source[] = [];
  const handles: Promise<FileSystemHandle | null>[] = [];
  for (const item of dropped.items) {
    if (item.kind !== "file") continue;
    const handle = item.getAsFileSystemHandle?.();
    if (handle !== undefined) handles.push(handle.catch(() => null));
    const entry = item.webkitGetAsEntry();
    const file = item.getAsFile();
    if (entry !== null) sources.push(sourceOfEntry(entry));
    else if (file !== null) sources.push({ kind: "file", name: file.name, open: () => Promise.resolve(file) });
  }
  return { sources, handles: Promise.all(handles).then((all) => all.filter((each) => each !== null)) };
}

function sourceOfEntry(entry: FileSystemEntry): Source {
  const { name } = entry;
  if (entry.isFile) return { kind: "file", name, open: () => openEntry(entry as FileSystemFileEntry) };
  return { kind: "folder", name, list: () => listEntry(entry as FileSystemDirectoryEntry) };
}

function openEntry(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** Returns about a hundred entries per call and none at the end. */
async function* listEntry(entry: FileSystemDirectoryEntry): AsyncGenerator<Source[]> {
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    yield some.map(sourceOfEntry);
  }
}
