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
   * Writes frames to the start of `target`, in the order of `wanted`. `target` must have room for the uncompressed
   * blocks with headers.
   * @returns the length of the frames in bytes; they are not verified
   */
  fetch(wanted: readonly WantedBlock[], target: Uint8Array): Promise<number>;
  /**
   * Asks for one block, because a request for several reports a lost block like an absent one.
   * @throws HoldfastError damaged
   */
  assertNotLost?(wanted: WantedBlock): Promise<void>;
  /** Additional error codes that every block would meet. */
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

/** Blocks of another account's file are requested by their version. */
function foreignVersion({ role, version_id: versionId }: NodeJson): string | undefined {
  return role === "owner" ? undefined : (versionId ?? undefined);
}
