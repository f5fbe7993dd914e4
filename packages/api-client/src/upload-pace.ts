/** One request on a good connection (a window of 8 MiB and overhead), and on the worst usable one. */
const paceBytesMax = 10 * 1024 * 1024;
const paceBytesMin = 64 * 1024;

/**
 * Size of one request: halved after a break, and a quarter more after each success. On a connection that breaks every
 * so many bytes, a break then loses only a part of them. A first request below the maximum, which shows progress soon,
 * doubles until the first break.
 */
export class UploadPace {
  readonly #bytesMax: number;
  #bytes: number;
  #isFirst = true;

  constructor(bytesMax = paceBytesMax, firstBytes = bytesMax) {
    this.#bytesMax = bytesMax;
    this.#bytes = firstBytes;
  }

  /** Payload only. */
  get bytes(): number {
    return Math.floor(this.#bytes);
  }

  /** @param bytes size of the request if smaller than possible; a very small one reveals nothing */
  cut(bytes = this.#bytes): void {
    this.#isFirst = false;
    if (bytes > paceBytesMin) this.#bytes = Math.max(paceBytesMin, Math.min(this.#bytes, bytes) / 2);
  }

  /** @param bytes size of the request; a small one reveals little */
  arrived(bytes: number): void {
    if (bytes >= this.#bytes / 2) this.#bytes = Math.min(this.#bytesMax, this.#bytes * (this.#isFirst ? 2 : 1.25));
  }
}
