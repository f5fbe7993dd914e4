/** Memory of one response for data read from the store. */
export interface Reading {
  /**
   * Waits until this many bytes are available, before anything is read.
   * @returns a function that releases the bytes; further calls do nothing
   */
  take(sizeBytes: number): Promise<() => void>;
  /** Takes memory for data that is not needed yet, only if plenty is free. */
  takeAhead(sizeBytes: number): (() => void) | undefined;
}

export interface AnswerReading extends Reading {
  /** Must be called when the client has received something. */
  moved(): void;
}

export interface ReadingRoomOptions {
  readonly totalBytes: number;
  /** Limit per key, so that no account or address uses everything. */
  readonly shareBytes: number;
  /** A response whose client has received nothing for this time is ended if others wait. */
  readonly stalledMs: number;
  readonly nowMs: () => number;
}

/**
 * Limits the memory that all responses use for data from the store. Later ones wait in turn, before they read anything.
 * Clients may be slow while nobody waits. When others wait, stalled responses are ended.
 */
export class ReadingRoom {
  readonly #options: ReadingRoomOptions;
  readonly #shares = new Map<string, number>();
  readonly #holders = new Set<Holder>();
  #waiting: Waiting[] = [];
  #freeBytes: number;
  #clock: NodeJS.Timeout | undefined;

  constructor(options: ReadingRoomOptions) {
    this.#options = options;
    this.#freeBytes = options.totalBytes;
  }

  /** @param cut ends the response, which then releases its memory */
  open(key: string, cut: () => void): AnswerReading {
    const holder: Holder = { key, cut, bytes: 0, waits: 0, movedMs: this.#options.nowMs() };
    return {
      take: (sizeBytes) => this.#take(holder, Math.min(sizeBytes, this.#options.shareBytes)),
      takeAhead: (sizeBytes) => this.#takeAhead(holder, sizeBytes),
      moved: () => {
        holder.movedMs = this.#options.nowMs();
      },
    };
  }

  /** Runs periodically while somebody waits. */
  look(): void {
    if (this.#waiting.length === 0) return this.#stopClock();
    const ofShares = new Set<string>();
    let isTotalLooked = false;
    for (const waiting of this.#waiting) {
      const { key } = waiting.holder;
      if (this.#lacksShare(waiting)) {
        if (!ofShares.has(key)) this.#makeWay(waiting, (holder) => holder.key === key);
        ofShares.add(key);
      } else if (!isTotalLooked) {
        this.#makeWay(waiting, () => true);
        isTotalLooked = true;
      }
    }
  }

  /** Ends responses that stalled longest first, and only as many as needed. */
  #makeWay({ sizeBytes }: Waiting, mayGo: (holder: Holder) => boolean): void {
    const latestMs = this.#options.nowMs() - this.#options.stalledMs;
    const stalled = [...this.#holders]
      // A response that waits for memory is not slow itself.
      .filter((holder) => holder.waits === 0 && holder.movedMs <= latestMs && mayGo(holder))
      .toSorted((left, right) => left.movedMs - right.movedMs);
    let neededBytes = sizeBytes;
    for (const holder of stalled) {
      if (neededBytes <= 0) return;
      neededBytes -= holder.bytes;
      holder.cut();
    }
  }

  async #take(holder: Holder, sizeBytes: number): Promise<() => void> {
    holder.waits += 1;
    await new Promise<void>((start) => {
      this.#waiting.push({ holder, sizeBytes, start });
      this.#startWaiting();
    });
    holder.waits -= 1;
    holder.movedMs = this.#options.nowMs();
    return this.#releaser(holder, sizeBytes);
  }

  #takeAhead(holder: Holder, sizeBytes: number): (() => void) | undefined {
    const { totalBytes, shareBytes } = this.#options;
    const isPlenty =
      this.#freeBytes - sizeBytes >= totalBytes / 2 && this.#shareOf(holder) + sizeBytes <= shareBytes / 2;
    if (!isPlenty || this.#waiting.length > 0) return undefined;
    this.#give(holder, sizeBytes);
    return this.#releaser(holder, sizeBytes);
  }

  #releaser(holder: Holder, sizeBytes: number): () => void {
    let left = sizeBytes;
    return () => {
      if (left === 0) return;
      this.#give(holder, -left);
      left = 0;
      this.#startWaiting();
    };
  }

  #give(holder: Holder, sizeBytes: number): void {
    this.#freeBytes -= sizeBytes;
    holder.bytes += sizeBytes;
    const share = this.#shareOf(holder) + sizeBytes;
    if (share === 0) this.#shares.delete(holder.key);
    else this.#shares.set(holder.key, share);
    if (holder.bytes === 0) this.#holders.delete(holder);
    else this.#holders.add(holder);
  }

  #shareOf({ key }: Holder): number {
    return this.#shares.get(key) ?? 0;
  }

  #lacksShare({ holder, sizeBytes }: Waiting): boolean {
    return this.#shareOf(holder) + sizeBytes > this.#options.shareBytes;
  }

  /** Accounts that hold less come first. A read that exceeds its own share lets others pass. */
  #startWaiting(): void {
    const left: Waiting[] = [];
    let isTotalFull = false;
    const fairly = this.#waiting.toSorted((one, other) => this.#shareOf(one.holder) - this.#shareOf(other.holder));
    for (const waiting of fairly) {
      isTotalFull ||= !this.#lacksShare(waiting) && waiting.sizeBytes > this.#freeBytes;
      if (isTotalFull || this.#lacksShare(waiting)) left.push(waiting);
      else {
        this.#give(waiting.holder, waiting.sizeBytes);
        waiting.start();
      }
    }
    this.#waiting = left;
    if (left.length > 0) this.#clock ??= setInterval(() => this.look(), lookMs).unref();
  }

  #stopClock(): void {
    clearInterval(this.#clock);
    this.#clock = undefined;
  }
}

const lookMs = 1000;

interface Holder {
  readonly key: string;
  readonly cut: () => void;
  bytes: number;
  waits: number;
  movedMs: number;
}

interface Waiting {
  readonly holder: Holder;
  readonly sizeBytes: number;
  readonly start: () => void;
}
