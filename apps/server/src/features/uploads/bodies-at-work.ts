import type { Readable } from "node:stream";
import type { UploadId } from "@holdfast/core/ids";
import { superseded } from "./session-rows.ts";

/**
 * Bodies that this process appends, one per upload. The row's generation prevents older requests from appending; this
 * ends one that waits for bytes and would notice late or never.
 */
export class BodiesAtWork {
  readonly #bodies = new Map<UploadId, { readonly generation: number; readonly body: Readable }>();

  /**
   * @returns a function to call when the body has been read
   * @throws HoldfastError superseded if a newer body is present
   */
  enter(id: UploadId, generation: number, body: Readable): () => void {
    const other = this.#bodies.get(id);
    if (other !== undefined && other.generation > generation) throw superseded();
    const entry = { generation, body };
    this.#bodies.set(id, entry);
    other?.body.destroy(superseded());
    return () => {
      if (this.#bodies.get(id) === entry) this.#bodies.delete(id);
    };
  }
}
