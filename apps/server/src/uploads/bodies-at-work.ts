import type { Readable } from "node:stream";
import type { UploadId } from "@holdfast/core/ids";
import { superseded } from "./session-rows.ts";

/**
 * The bodies that requests of this process append, one for each upload. That an older request may append nothing more is
 * enforced by the generation in the row; this only ends one that still waits for bytes, which would otherwise hear of it
 * when it has received some, or never.
 */
export class BodiesAtWork {
  readonly #bodies = new Map<UploadId, { readonly generation: number; readonly body: Readable }>();

  /** @returns what to call when the body has been read. @throws HoldfastError superseded if a newer one is here already */
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
