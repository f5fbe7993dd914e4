import type { ApiClient } from "@holdfast/api-client/api-client";
import { fetchFramesInto } from "@holdfast/api-client/fetch-frames";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { encodeFrameHeader, frameHeaderBytes } from "@holdfast/protocol/frames";
import type { NodeJson } from "@holdfast/protocol/values";

/** A block of a file, and where it stands in it. */
export interface WantedBlock extends ManifestEntry {
  readonly node: NodeJson;
  readonly offset: number;
}

/** Where the blocks of files come from. */
export interface BlockSource {
  /**
   * Frames of blocks, in the order asked, written to the beginning of `target`, which has room for them as they are with their headers.
   * @returns how many bytes they have. Nothing is verified yet
   */
  fetch(wanted: readonly WantedBlock[], target: Uint8Array): Promise<number>;
  /** Of a block that did not come: among others a lost one is as one that is not there. @throws HoldfastError damaged */
  assertNotLost?(wanted: WantedBlock): Promise<void>;
  /** Codes of failures that every other block would meet too, beside those that always mean so. */
  readonly hopeless?: ReadonlySet<string>;
  close(): Promise<void>;
}

/** By their hashes, from the server. */
export function blockSource(client: ApiClient): BlockSource {
  const fetch: BlockSource["fetch"] = (wanted, target) => {
    const frames = wanted.map(({ hash, node }) => ({ hash, versionId: foreignVersion(node) }));
    return fetchFramesInto(client, frames, target);
  };
  return {
    fetch,
    assertNotLost: async (wanted) => void (await fetch([wanted], new Uint8Array(frameHeaderBytes + wanted.size))),
    close: async () => {},
  };
}

export function placed(node: NodeJson, entries: readonly ManifestEntry[]): WantedBlock[] {
  let offset = 0;
  return entries.map(({ hash, size }) => {
    const block = { hash, size, offset, node };
    offset += size;
    return block;
  });
}

/** The block as it is, in a frame. @returns how long that is */
export function writeFrame({ hash, size }: WantedBlock, plain: Uint8Array, target: Uint8Array): number {
  target.set(encodeFrameHeader({ kind: "raw", hash, size, length: size }));
  target.set(plain, frameHeaderBytes);
  return frameHeaderBytes + size;
}

/** The version by which blocks of a file are asked for that is not the caller's own. */
function foreignVersion({ role, version_id: versionId }: NodeJson): string | undefined {
  return role === "owner" ? undefined : (versionId ?? undefined);
}
