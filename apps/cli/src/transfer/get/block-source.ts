import type { ApiClient } from "@holdfast/api-client/api-client";
import { fetchFramesInto } from "@holdfast/api-client/fetch-frames";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { encodeFrameHeader, frameHeaderBytes } from "@holdfast/protocol/frames";
import type { NodeJson } from "@holdfast/protocol/values";

export interface WantedBlock extends ManifestEntry {
  readonly node: NodeJson;
  readonly offset: number;
}

export interface BlockSource {
  /**
   * Writes the frames of blocks to the start of `target`, in the order of `wanted`. `target` must have room for the
   * uncompressed blocks with their headers.
   * @returns the length of the frames in bytes; the frames are not verified
   */
  fetch(wanted: readonly WantedBlock[], target: Uint8Array): Promise<number>;
  /**
   * Fetches a missing block alone, because a request for several blocks reports a lost block like an absent one.
   * @throws HoldfastError damaged
   */
  assertNotLost?(wanted: WantedBlock): Promise<void>;
  /** Additional error codes that every other block would meet too. */
  readonly hopeless?: ReadonlySet<string>;
  close(): Promise<void>;
}

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

/** @returns the frame's length in bytes */
export function writeFrame({ hash, size }: WantedBlock, plain: Uint8Array, target: Uint8Array): number {
  target.set(encodeFrameHeader({ kind: "raw", hash, size, length: size }));
  target.set(plain, frameHeaderBytes);
  return frameHeaderBytes + size;
}

/** Returns the version to name in a request for blocks of another account's file. */
function foreignVersion({ role, version_id: versionId }: NodeJson): string | undefined {
  return role === "owner" ? undefined : (versionId ?? undefined);
}
