/** Whether this browser has files of its own for pages: not on plain http, and not every browser lets a page write them. */
export function hasOpfs(): boolean {
  return isSecureContext && "createWritable" in (globalThis.FileSystemFileHandle?.prototype ?? {});
}
