import type { Source } from "./walk.ts";

interface AskableHandle extends FileSystemHandle {
  readonly requestPermission?: (options: { mode: "read" }) => Promise<PermissionState>;
}

/** Call in a click event, because the browser asks the person. @returns undefined if access is denied */
export async function sourcesOfHandles(handles: readonly unknown[]): Promise<Source[] | undefined> {
  for (const handle of handles as readonly AskableHandle[]) {
    const answer = await handle.requestPermission?.({ mode: "read" });
    if (answer !== "granted") return undefined;
  }
  return (handles as readonly FileSystemHandle[]).map(sourceOfHandle);
}

function sourceOfHandle(handle: FileSystemHandle): Source {
  const { name } = handle;
  if (handle.kind === "file") return { kind: "file", name, open: () => (handle as FileSystemFileHandle).getFile() };
  return { kind: "folder", name, list: () => listHandle(handle as FileSystemDirectoryHandle) };
}

async function* listHandle(handle: FileSystemDirectoryHandle): AsyncGenerator<Source[]> {
  for await (const child of handle.values()) yield [sourceOfHandle(child)];
}
