import type { ThumbSize } from "@holdfast/protocol/thumb-routes";
import { type Failure, type Picture, PictureProcess } from "./picture-process.ts";

const idleMs = 30_000;
/** Pictures after which a process ends, because the library may leak memory. */
const picturesMax = 500;

export class PicturePool {
  readonly #idle: PictureProcess[] = [];
  readonly #all = new Set<PictureProcess>();
  #idleTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  async make(picture: Picture, size: ThumbSize): Promise<Buffer | Failure> {
    const process = this.#take();
    try {
      return await process.make(picture, size);
    } finally {
      this.#giveBack(process);
    }
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#idleTimer);
    for (const process of this.#all) process.end();
  }

  #take(): PictureProcess {
    clearTimeout(this.#idleTimer);
    for (let process = this.#idle.pop(); process !== undefined; process = this.#idle.pop()) {
      if (!process.isOver) return process;
      this.#all.delete(process);
    }
    const started = new PictureProcess();
    this.#all.add(started);
    return started;
  }

  #giveBack(process: PictureProcess): void {
    if (this.#isClosed || process.isOver || process.made >= picturesMax) {
      process.end();
      this.#all.delete(process);
    } else {
      this.#idle.push(process);
    }
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#endIdle(), idleMs).unref();
  }

  #endIdle(): void {
    for (const process of this.#idle.splice(0)) {
      process.end();
      this.#all.delete(process);
    }
  }
}
