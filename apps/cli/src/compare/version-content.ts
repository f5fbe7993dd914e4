import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { ManifestEntry } from "@holdfast/core/manifest";

export interface VersionOfFile {
  readonly id: string;
  readonly version_id: string;
}

export interface PlacedBlock extends ManifestEntry {
  readonly startByte: number;
}

export function placeBlocks(entries: readonly ManifestEntry[]): PlacedBlock[] {
  let startByte = 0;
  return entries.map((entry) => {
    const placed = { ...entry, startByte };
    startByte += entry.size;
    return placed;
  });
}

/** Fetches each hash once, and verifies it. Contents must fit into memory. */
export class BlockContents {
  readonly #client: ApiClient;
  readonly #known = new Map<string, Buffer>();

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** @throws HoldfastError hash_mismatch for damaged content */
  async read(version: VersionOfFile, blocks: readonly PlacedBlock[]): Promise<Buffer> {
    for (const run of runsOf(blocks.filter(({ hash }) => !this.#known.has(hash)))) await this.#fetch(version, run);
    return Buffer.concat(blocks.map(({ hash }) => this.#known.get(hash) ?? Buffer.alloc(0)));
  }

  async #fetch(version: VersionOfFile, run: readonly PlacedBlock[]): Promise<void> {
    const [first, last] = [run[0], run.at(-1)];
    if (first === undefined || last === undefined) return;
    const bytes = await fetchRange(this.#client, version, first.startByte, last.startByte + last.size);
    for (const { hash, size, startByte } of run) {
      const at = startByte - first.startByte;
      const block = bytes.subarray(at, at + size);
      if (sha256(block) !== hash)
        throw new HoldfastError("hash_mismatch", `Block ${hash} was damaged in transit. Try again.`);
      this.#known.set(hash, block);
    }
  }
}

/** Does not verify the bytes, which serve to guess the type. */
export async function fetchRange(
  client: ApiClient,
  { id, version_id }: VersionOfFile,
  start: number,
  end: number,
): Promise<Buffer> {
  const headers = { range: `bytes=${start}-${end - 1}` };
  const request = { params: { id }, query: { version: version_id }, headers };
  return Buffer.concat(await client.bytes("download", request, end - start));
}

function runsOf(blocks: readonly PlacedBlock[]): PlacedBlock[][] {
  const runs: PlacedBlock[][] = [];
  for (const block of blocks) {
    const last = runs.at(-1)?.at(-1);
    if (last !== undefined && last.startByte + last.size === block.startByte) runs.at(-1)?.push(block);
    else runs.push([block]);
  }
  return runs;
}
