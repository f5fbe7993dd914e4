/**
 * Returns true if pages can write files in this browser's origin private file system. It is missing on plain http and
 * in some browsers.
 */
export function hasOpfs(): boolean {
  return isSecureContext && "createWritable" in (globalThis.FileSystemFileHandle?.prototype ?? {});
}
