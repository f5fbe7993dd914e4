import { createConnection, createServer, type Server, type Socket } from "node:net";

/** What lies between one device and the server: a TCP relay that a test can break. */
export class Cable {
  readonly url: string;
  /** Bytes so far: to the server, and from it. */
  readonly carried = { up: 0, down: 0 };
  readonly #relay: Server;
  readonly #ends = new Set<Socket>();
  #state: "sound" | "dropped" | "stalled" = "sound";
  /** Undefined: no cut is ordered. */
  #bytesUntilCut: number | undefined;

  private constructor(relay: Server, port: number) {
    this.#relay = relay;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** @param port of the server on this machine */
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

  /** Every connection is reset, and each new one too. */
  drop(): void {
    this.#state = "dropped";
    this.#cutAll();
  }

  /** Connections stand and carry nothing. */
  stall(): void {
    this.#state = "stalled";
    for (const end of this.#ends) end.pause();
  }

  /** Every connection is reset once so many more bytes have gone over the cable; then it is sound again. */
  cutAfter(bytes: number): void {
    this.#bytesUntilCut = bytes;
  }

  mend(): void {
    this.#state = "sound";
    this.#bytesUntilCut = undefined;
    for (const end of this.#ends) end.resume();
  }

  async close(): Promise<void> {
    this.#cutAll();
    await new Promise((resolve) => this.#relay.close(resolve));
  }

  #join(near: Socket, port: number): void {
    const far = createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.#carry(near, far, "up");
    this.#carry(far, near, "down");
    if (this.#state === "dropped") near.resetAndDestroy();
  }

  #carry(from: Socket, to: Socket, way: "up" | "down"): void {
    this.#ends.add(from);
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#ends.delete(from);
      to.destroy();
    });
    from.on("end", () => to.end());
    to.on("drain", () => this.#state === "sound" && from.resume());
    from.on("data", (bytes: Buffer) => {
      this.carried[way] += bytes.length;
      if (!to.write(this.#upToCut(bytes)) || this.#state === "stalled") from.pause();
      if (this.#bytesUntilCut === 0) {
        this.#bytesUntilCut = undefined;
        this.#cutAll();
      }
    });
    if (this.#state === "stalled") from.pause();
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
