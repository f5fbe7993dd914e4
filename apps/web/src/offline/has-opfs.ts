/** Writable origin private file system; missing on plain http and in some browsers. */
export function hasOpfs(): boolean {
  return isSecureContext && "createWritable" in (globalThis.FileSystemFileHandle?.prototype ?? {});
}
