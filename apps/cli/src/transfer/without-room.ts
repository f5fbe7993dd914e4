import type { HoldfastError } from "@holdfast/core/errors";
import type { Problem } from "../output/output.ts";
import { count, formatNumber, unlikeBytes } from "../output/text.ts";

const namedMax = 3;

/** Files that were refused or not tried for lack of quota. They share one line at the end of a transfer. */
export class WithoutRoom {
  readonly #named: string[] = [];
  #files = 0;
  #neededBytes = 0;
  /** The server reports it only to the owner of the space. */
  #freeBytes: number | undefined;
  #isOwn = false;
  #message = "";

  /** @param failure undefined: the file was not tried */
  add(path: string, growthBytes: number, failure?: Pick<HoldfastError, "message" | "body">): void {
    this.#files += 1;
    this.#neededBytes += growthBytes;
    if (this.#named.length < namedMax) this.#named.push(path);
    if (failure === undefined) return;
    if (this.#message === "") this.#message = failure.message;
    const freeBytes = failure.body["free_bytes"];
    if (typeof freeBytes === "number") this.#freeBytes = freeBytes;
    // Batch results have the figures only in the message.
    if (typeof freeBytes === "number" || failure.message.startsWith("This needs ")) this.#isOwn = true;
  }

  /** @param readFreeBytes undefined: unknown; a failure does not end a completed transfer */
  async finish(readFreeBytes: () => Promise<number | undefined>): Promise<void> {
    if (this.#isOwn) this.#freeBytes = (await readFreeBytes().catch(() => undefined)) ?? this.#freeBytes;
  }

  /** @returns for one file the server's message, for several their number and size; undefined if there are none */
  problem(): Problem | undefined {
    const [path = ""] = this.#named;
    if (this.#files === 0) return undefined;
    if (this.#files === 1) return { path, code: "quota", message: this.#message };
    const more = this.#files - this.#named.length;
    const others = more === 0 ? "" : ` and ${formatNumber(more)} more`;
    const message = `${count(this.#files, "file")}: ${this.#reason()} (${this.#named.join(", ")}${others})`;
    return { path: "", code: "quota", message };
  }

  #reason(): string {
    if (this.#freeBytes === undefined) return this.#message;
    const [needed, free] = unlikeBytes(this.#neededBytes, this.#freeBytes);
    return `not enough space in your quota: ${needed} needed, ${free} free. 'holdfast df' shows what uses it and how to free some.`;
  }
}
