/**
 * Kernel's format (linux/posix_acl_xattr.h): a version, then per entry its tag (u16), rights (u16) and id (u32), all
 * little-endian.
 */
const version = 2;
const headBytes = 4;
const entryBytes = 8;
const tags = { owningGroup: 0x04, mask: 0x10, other: 0x20 } as const;
const namedTags: ReadonlySet<number> = new Set([0x02, 0x08]);

interface Entry {
  /** Offset of the entry's rights. */
  readonly at: number;
  readonly tag: number;
  readonly rights: number;
}

/** @returns undefined for an invalid list */
export function readAcl(bytes: Uint8Array): readonly Entry[] | undefined {
  const view = viewOf(bytes);
  if (bytes.length < headBytes || (bytes.length - headBytes) % entryBytes !== 0) return undefined;
  if (view.getUint32(0, true) !== version) return undefined;
  return Array.from({ length: (bytes.length - headBytes) / entryBytes }, (_, index) => {
    const at = headBytes + index * entryBytes;
    return { at: at + 2, tag: view.getUint16(at, true), rights: view.getUint16(at + 2, true) };
  });
}

/** For a file of another group: the new group gets no rights, and the old group's members gain none. */
export function withoutOwningGroup(bytes: Uint8Array): Uint8Array {
  const entries = readAcl(bytes) ?? [];
  const copy = bytes.slice();
  for (const { at, tag, rights } of entries) {
    if (tag === tags.owningGroup) viewOf(copy).setUint16(at, 0, true);
    if (tag === tags.other) viewOf(copy).setUint16(at, rights & groupRights(entries), true);
  }
  return copy;
}

/** Mode bits without the list, which grant nothing that the list denies. */
export function modeWithoutAcl(bytes: Uint8Array, mode: number): number {
  const entries = readAcl(bytes);
  if (entries === undefined) return mode & 0o700;
  const mask = maskOf(entries);
  const named = entries.filter(({ tag }) => namedTags.has(tag)).map(({ rights }) => rights & mask);
  const leastNamed = named.reduce((all, rights) => all & rights, 7);
  const other = mode & leastNamed;
  return (mode & 0o700) | ((groupRights(entries) & leastNamed) << 3) | other;
}

function groupRights(entries: readonly Entry[]): number {
  const rights = entries.find(({ tag }) => tag === tags.owningGroup)?.rights ?? 0;
  return rights & maskOf(entries);
}

function maskOf(entries: readonly Entry[]): number {
  return entries.find(({ tag }) => tag === tags.mask)?.rights ?? 7;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
