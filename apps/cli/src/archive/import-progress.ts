import { TransferCounts } from "../output/progress.ts";
import type { SendingWork } from "../transfer/put/send-stream.ts";
import type { ReadArchive } from "./read-archive.ts";

/** A small file takes as long as this many bytes of a large one. */
const fileCostBytes = 32 * 1024;

/** Reading is counted in bytes alone. */
export class ReadingCounts extends TransferCounts {
  override noun = "";
  override search = { doing: "opening", found: 0 };

  read(bytes: number, ofBytes: number): void {
    Object.assign(this, { bytesDone: this.bytesDone + bytes, bytesTotal: ofBytes, totalIsFinal: true });
  }
}

/** Includes files that need not be sent. */
export function planCounts(counts: TransferCounts, archive: ReadArchive): void {
  for (const node of [...archive.children.values()].flat()) {
    if (node.kind !== "file") continue;
    counts.filesTotal += 1;
    counts.bytesTotal += bytesOfVersions(archive, node.id);
  }
  Object.assign(counts, { fileCostBytes, totalIsFinal: true });
}

function bytesOfVersions({ versions }: ReadArchive, nodeId: string): number {
  return (versions.get(nodeId) ?? []).reduce((sum, { size }) => sum + size, 0);
}

/** Counts the progress of one file: at most the size of its versions, and all of it at the end. */
export class FileProgress {
  readonly #counts: TransferCounts;
  #leftBytes: number;

  constructor(counts: TransferCounts, archive: ReadArchive, nodeId: string) {
    this.#counts = counts;
    this.#leftBytes = bytesOfVersions(archive, nodeId);
  }

  /** @param bytes size of the versions that have to be sent */
  isLeft(bytes: number): void {
    this.moved(this.#leftBytes - bytes);
  }

  moved(bytes: number): void {
    const counted = Math.min(bytes, this.#leftBytes);
    this.#leftBytes -= counted;
    this.#counts.bytesDone += counted;
  }

  end(): void {
    this.#counts.done(this.#leftBytes);
    this.#leftBytes = 0;
  }

  ofStream(): SendingWork["report"] {
    let seenBytes = 0;
    const move = (bytes: number): void => {
      this.moved(bytes - seenBytes);
      seenBytes = bytes;
    };
    const counts = {
      get bytesDone() {
        return seenBytes;
      },
      set bytesDone(bytes: number) {
        move(bytes);
      },
    };
    return { counts, bytesSent: 0 };
  }
}
