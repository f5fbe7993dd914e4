import { type FreeSpace, freeSpaceAt } from "@holdfast/disk/free-space";
import { roomOf, roomWords } from "@holdfast/sync/loop/delays/space";
import { HoldfastError } from "@holdfast/core/errors";
import { count, formatBytes, formatNumber } from "../../output/text.ts";
import type { TransferReport } from "../transfer-report.ts";

/** Further files that do not fit share one line. */
const namedMax = 3;

/** Result by index. Call `end` after the files are written or have failed. */
export interface TakenRoom {
  readonly fits: readonly boolean[];
  end(): void;
}

/** Checked before each file is fetched. Keeps the same reserve as `sync`. */
export class LocalRoom {
  readonly #look: () => FreeSpace | undefined;
  readonly #report: TransferReport;
  #takenBytes = 0;
  #holders = 0;
  #ended = Promise.withResolvers<void>();
  #refused = 0;
  #refusedBytes = 0;

  constructor(folder: string, report: TransferReport, look = () => freeSpaceAt(folder)) {
    this.#look = look;
    this.#report = report;
  }

  /**
   * Reserves space for the files that fit, in order. Reserved space counts as used. If files fail to fit only for that
   * reason, the call waits for the others. A waiting caller holds no reservation.
   */
  async take(sizes: readonly number[]): Promise<TakenRoom> {
    for (;;) {
      const { fits, bytes } = this.#fitting(sizes);
      if (this.#holders === 0 || fits.every(Boolean)) return { fits, end: this.#hold(bytes) };
      await this.#ended.promise;
    }
  }

  refuse(path: string, sizeBytes: number): void {
    this.#refused += 1;
    this.#refusedBytes += sizeBytes;
    if (this.#refused > namedMax) return;
    const space = this.#look();
    // Files in progress take their space first.
    const left = space && { ...space, freeBytes: space.freeBytes - this.#takenBytes };
    const message = `does not fit: it needs ${roomIn(sizeBytes, left)}. ${whatToDo}`;
    this.#report.problem(path, message, "store_full");
  }

  reportRefused(): void {
    const more = this.#refused - namedMax;
    if (more <= 0) return;
    const message = `${count(more, "more file")} did not fit. All ${formatNumber(this.#refused)} need ${formatBytes(this.#refusedBytes)} together. ${whatToDo}`;
    this.#report.problem("", message, "store_full", more);
  }

  #fitting(sizes: readonly number[]): { readonly fits: boolean[]; readonly bytes: number } {
    const space = this.#look();
    let room = space === undefined ? Infinity : roomOf(space) - this.#takenBytes;
    let bytes = 0;
    const fits = sizes.map((size) => {
      if (size > 0 && size > room) return false;
      room -= size;
      bytes += size;
      return true;
    });
    return { fits, bytes };
  }

  #hold(bytes: number): () => void {
    this.#takenBytes += bytes;
    this.#holders += 1;
    return () => {
      this.#takenBytes -= bytes;
      this.#holders -= 1;
      this.#ended.resolve();
      this.#ended = Promise.withResolvers();
    };
  }
}

const whatToDo = "Free some space on that disk, then run get again, or download it to another disk.";

/** @throws HoldfastError store_full */
export function assertRoomAt(folder: string, sizeBytes: number): void {
  const space = freeSpaceAt(folder);
  if (space === undefined || sizeBytes <= roomOf(space)) return;
  throw new HoldfastError(
    "store_full",
    `This needs ${roomWords(sizeBytes, roomOf(space))}; only what fits is downloaded. ${whatToDo}`,
  );
}

function roomIn(sizeBytes: number, space: FreeSpace | undefined): string {
  if (space === undefined) return `${formatBytes(sizeBytes)}, and the free space is unknown`;
  return roomWords(sizeBytes, roomOf(space));
}
