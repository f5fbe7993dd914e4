import { createConnection, createServer, type Server, type Socket } from "node:net";

export class Cable {
  readonly url: string;
  /** Bytes carried to the server and from it. */
  readonly carried = { up: 0, down: 0 };
  readonly #relay: Server;
  readonly #ends = new Set<Socket>();
  #state: "sound" | "dropped" | "stalled" = "sound";
  #bytesUntilCut: number | undefined;
  #bytesOfEach = Infinity;
  #bytesPerSecond = Infinity;
  /** Time in ms at which the carried bytes fit the rate. */
  readonly #freeMs = { up: 0, down: 0 };
  #cuts = 0;

  private constructor(relay: Server, port: number) {
    this.#relay = relay;
    this.url = `http://127.0.0.1:${port}`;
  }

  static lay(port: number): Promise<Cable> {
    return new Promise((resolve, reject) => {
      const relay = createServer({ allowHalfOpen: true }, (near) => cable.#join(near, port));
      relay.once("error", reject);
      let cable: Cable;
      relay.listen(0, "127.0.0.1", () => {
        const address = relay.address();
        cable = new Cable(relay, typeof address === "object" && address !== null ? address.port : 0);
        resolve(cable);
      });
    });
  }

  drop(): void {
    this.#state = "dropped";
    this.#cutAll();
  }

  stall(): void {
    this.#state = "stalled";
    for (const end of this.#ends) end.pause();
  }

  /** Resets every connection after this many more bytes, then works again. */
  cutAfter(bytes: number): void {
    this.#bytesUntilCut = bytes;
  }

  /** Resets each connection after this many bytes in both directions, until `mend`. */
  cutEachAfter(bytes: number): void {
    this.#bytesOfEach = bytes;
  }

  slowDown(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
  }

  get cuts(): number {
    return this.#cuts;
  }

  mend(): void {
    this.#state = "sound";
    this.#bytesUntilCut = undefined;
    [this.#bytesOfEach, this.#bytesPerSecond] = [Infinity, Infinity];
    for (const end of this.#ends) end.resume();
  }

  async close(): Promise<void> {
    this.#cutAll();
    await new Promise((resolve) => this.#relay.close(resolve));
  }

  #join(near: Socket, port: number): void {
    const far = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
    const both = { carried: 0 };
    this.#carry(near, far, "up", both);
    this.#carry(far, near, "down", both);
    if (this.#state === "dropped") near.resetAndDestroy();
  }

  #carry(from: Socket, to: Socket, way: "up" | "down", both: { carried: number }): void {
    this.#ends.add(from);
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#ends.delete(from);
      to.destroy();
    });
    from.on("end", () => to.end());
    to.on("drain", () => this.#state === "sound" && !this.#isLate(way) && from.resume());
    from.on("data", (bytes: Buffer) => {
      const kept = bytes.subarray(0, Math.max(0, this.#bytesOfEach - both.carried));
      both.carried += kept.length;
      this.carried[way] += kept.length;
      if (kept.length < bytes.length) return this.#cutOne(from, to, kept);
      this.#holdBack(from, way, bytes.length);
      if (!to.write(this.#upToCut(bytes)) || this.#state === "stalled") from.pause();
      if (this.#bytesUntilCut === 0) {
        this.#bytesUntilCut = undefined;
        this.#cutAll();
      }
    });
    if (this.#state === "stalled") from.pause();
  }

  /** Earlier bytes arrive first, because an immediate reset would discard what the other side has not read. */
  #cutOne(from: Socket, to: Socket, kept: Buffer): void {
    this.#cuts += 1;
    from.pause();
    to.end(kept, () => from.resetAndDestroy());
  }

  #holdBack(from: Socket, way: "up" | "down", bytes: number): void {
    this.#freeMs[way] = Math.max(this.#freeMs[way], performance.now()) + (bytes / this.#bytesPerSecond) * 1000;
    if (!this.#isLate(way)) return;
    from.pause();
    setTimeout(() => this.#state === "sound" && from.resume(), this.#freeMs[way] - performance.now());
  }

  #isLate(way: "up" | "down"): boolean {
    return this.#freeMs[way] > performance.now() + 1;
  }

  #upToCut(bytes: Buffer): Buffer {
    if (this.#bytesUntilCut === undefined) return bytes;
    const kept = bytes.subarray(0, this.#bytesUntilCut);
    this.#bytesUntilCut -= kept.length;
    return kept;
  }

  #cutAll(): void {
    for (const end of this.#ends) end.resetAndDestroy();
  }
}
