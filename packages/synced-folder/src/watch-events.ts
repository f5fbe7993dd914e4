import { readSync } from "node:fs";
import { ownErrnoOf } from "@holdfast/disk/disk-error";
import { nameOfBytes } from "@holdfast/disk/native-name";

/** inotify(7) */
export const watchBits = {
  modified: 0x2,
  attributes: 0x4,
  closedAfterWrite: 0x8,
  movedFrom: 0x40,
  movedTo: 0x80,
  created: 0x100,
  deleted: 0x200,
  deletedItself: 0x400,
  movedItself: 0x800,
  unmounted: 0x2000,
  overflow: 0x4000,
  ignored: 0x8000,
  onlyFolders: 0x100_0000,
  notWhatIsUnlinked: 0x400_0000,
  isFolder: 0x4000_0000,
} as const;

export interface WatchEvent {
  /** -1 for an overflow */
  readonly watch: number;
  readonly mask: number;
  /** Equal for both halves of a move. */
  readonly cookie: number;
  /** Entry of the watched folder; "" for the folder itself. */
  readonly name: string;
}

const buffer = Buffer.alloc(64 * 1024);
const headBytes = 16;

export function readEvents(watcher: number): WatchEvent[] {
  const filled = readSome(watcher);
  const events: WatchEvent[] = [];
  for (let at = 0; at + headBytes <= filled;) {
    const nameEnd = at + headBytes + buffer.readUInt32LE(at + 12);
    const name = buffer.subarray(at + headBytes, nameEnd);
    const end = name.indexOf(0);
    events.push({
      watch: buffer.readInt32LE(at),
      mask: buffer.readUInt32LE(at + 4),
      cookie: buffer.readUInt32LE(at + 8),
      name: nameOfBytes(name.subarray(0, end === -1 ? name.length : end)),
    });
    at = nameEnd;
  }
  return events;
}

function readSome(watcher: number): number {
  try {
    return readSync(watcher, buffer);
  } catch (thrown) {
    if (ownErrnoOf(thrown) === "EAGAIN") return 0;
    throw thrown;
  }
}
