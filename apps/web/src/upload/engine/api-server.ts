import type { ApiClient } from "@holdfast/api-client/api-client";
import { batchContentType, framesContentType } from "@holdfast/protocol/frames";
import type { UploadServer } from "./upload-server.ts";

/** @param client without retries; the engine retries and shows the waiting time */
export function apiServer(client: ApiClient): UploadServer {
  return {
    missingBlocks: async (into, hashes, growthBytes, signal) => {
      const body = { hashes: [...hashes], into, growth_bytes: Math.max(0, growthBytes) };
      return new Set((await client.call("queryBlocks", { body, signal })).missing);
    },
    putBlocks: async (into, frames, signal) => {
      await client.call("putBlocks", {
        query: { into },
        bytes: { contentType: framesContentType, pieces: frames },
        signal,
      });
    },
    commit: async (operations, frames, signal) => {
      if (frames === undefined) {
        return (await client.call("syncDelta", { body: { operations: [...operations] }, signal })).results;
      }
      const json = new TextEncoder().encode(JSON.stringify({ operations }));
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, json.length);
      const pieces = new Blob([length, json, frames]);
      return (await client.call("syncDelta", { bytes: { contentType: batchContentType, pieces }, signal })).results;
    },
  };
}
