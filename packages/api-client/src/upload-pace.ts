/** Bytes of one request on a good link (a window of 8 MiB, and what stands around the blocks), and on the worst one that still carries anything. */
const paceBytesMax = 10 * 1024 * 1024;
const paceBytesMin = 64 * 1024;

/**
 * How much goes in one request over a link: half as much after a request that was cut, and again a quarter more with each that
 * arrived. On a link that breaks every so many bytes a request then is a part of that, and a break costs a part of a request.
 */
export class UploadPace {
  readonly #bytesMax: number;
  #bytes: number;

  constructor(bytesMax = paceBytesMax) {
    this.#bytesMax = bytesMax;
    this.#bytes = bytesMax;
  }

  /** Of the payload. */
  get bytes(): number {
    return Math.floor(this.#bytes);
  }

  /** @param bytes of the request, where it may have been shorter than it could; if it was very short, that says nothing of the link */
  cut(bytes = this.#bytes): void {
    if (bytes > paceBytesMin) this.#bytes = Math.max(paceBytesMin, Math.min(this.#bytes, bytes) / 2);
  }

  /** @param bytes of the request; one that was short says little of the link */
  arrived(bytes: number): void {
    if (bytes >= this.#bytes / 2) this.#bytes = Math.min(this.#bytesMax, this.#bytes * 1.25);
  }
}
