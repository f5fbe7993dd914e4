import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { contentOfBlocks } from "../model/content.ts";
import { pathOf } from "../model/tree-paths.ts";
import { sameFingerprint } from "../model/fingerprints.ts";
import type { ContentKey } from "../model/trees.ts";
import type { ExecutionContext } from "./execution-context.ts";

export interface Source {
  readonly path: string;
  readonly offset: number;
  readonly content: ContentKey;
  readonly position: number;
}

const listsMax = 16;

/** Finds blocks in local files that are unchanged since they were read. Valid for one batch. */
export class LocalSources {
  readonly #context: ExecutionContext;
  readonly #paths = new Map<NodeId, Promise<string | undefined>>();
  readonly #offsets = new Map<ContentKey, readonly number[]>();
  readonly #distrusted = new Set<string>();

  constructor(context: ExecutionContext) {
    this.#context = context;
  }

  async find(block: ManifestEntry): Promise<Source | undefined> {
    const alone = { content: contentOfBlocks([block]), position: 0 };
    for (const place of [alone, ...this.#context.state.manifests.placesOf(block.hash)]) {
      const path = await this.#pathWith(place.content);
      const offset = path === undefined ? undefined : this.#offsetOf(place.content, place.position);
      if (path !== undefined && offset !== undefined) return { ...place, path, offset };
    }
    return undefined;
  }

  distrust(path: string): void {
    this.#distrusted.add(path);
  }

  async #pathWith(content: ContentKey): Promise<string | undefined> {
    for (const id of this.#context.state.nodesWithContent(content)) {
      const path = await this.#pathOf(id);
      if (path !== undefined && !this.#distrusted.has(path)) return path;
    }
    return undefined;
  }

  #pathOf(id: NodeId): Promise<string | undefined> {
    const known = this.#paths.get(id) ?? this.#look(id);
    this.#paths.set(id, known);
    return known;
  }

  async #look(id: NodeId): Promise<string | undefined> {
    const { state, disk } = this.#context;
    const path = pathOf(state, id);
    const row = state.local.get(id);
    // A just-written file may have changed unseen; each copied block is compared with its hash.
    if (path === undefined || row === undefined) return undefined;
    try {
      const stat = await disk.stat(path);
      return stat?.kind === "file" && sameFingerprint(stat.fingerprint, row.fingerprint) ? path : undefined;
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      return undefined;
    }
  }

  #offsetOf(content: ContentKey, position: number): number | undefined {
    let offsets = this.#offsets.get(content);
    if (offsets === undefined) {
      const [first] = this.#offsets.keys();
      if (first !== undefined && this.#offsets.size >= listsMax) this.#offsets.delete(first);
      offsets = offsetsOf(this.#context.state.manifests.blocksOf(content) ?? []);
      this.#offsets.set(content, offsets);
    }
    // A file of one block may have lost its list.
    return position === 0 ? 0 : offsets[position];
  }
}

export function offsetsOf(blocks: readonly ManifestEntry[]): number[] {
  let offset = 0;
  return blocks.map(({ size }) => {
    offset += size;
    return offset - size;
  });
}
