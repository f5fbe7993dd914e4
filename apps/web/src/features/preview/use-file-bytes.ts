import type { NodeJson } from "@holdfast/protocol/values";
import { useQuery } from "@tanstack/react-query";
import { renderedBytesMax } from "./preview-kind.ts";
import { useDrive } from "../../data/use-drive.ts";

/** Older versions may be longer. */
const versionBytesMax = Math.max(...Object.values(renderedBytesMax));

/** Reads at most `bytesMax`. Dropped when unused. */
export function useFileBytes(node: NodeJson, version: number | undefined, bytesMax: number) {
  const { client } = useDrive();
  return useQuery({
    queryKey: ["bytes", node.id, version ?? node.version_id, bytesMax],
    gcTime: 0,
    queryFn: async ({ signal }) => {
      const query = version === undefined ? {} : { version };
      // An empty file has no valid range.
      const range = node.size > bytesMax ? { headers: { range: `bytes=0-${bytesMax - 1}` } } : {};
      const request = { params: { id: node.id }, query, signal, ...range };
      const pieces = await client.bytes("download", request, Math.max(bytesMax, versionBytesMax));
      return new Blob(pieces as BlobPart[]);
    },
  });
}
