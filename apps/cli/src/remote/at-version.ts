import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { shellWord } from "@holdfast/core/shell-word";
import type { NodeJson } from "@holdfast/protocol/values";
import { allPages, pageItemsMax } from "./pages.ts";

/**
 * Returns the file with the content and date of the version.
 * @param wanted number or id
 * @throws HoldfastError conflict for a node without versions; not_found
 */
export async function atVersion(client: ApiClient, node: NodeJson, wanted: string): Promise<NodeJson> {
  const { id, kind, path } = node;
  if (kind !== "file") throw new HoldfastError("conflict", `${path} is a ${kind}; only a file has versions.`);
  const pages = allPages((cursor) =>
    client.call("listVersions", { params: { id }, query: { cursor, limit: pageItemsMax } }),
  );
  for await (const page of pages) {
    const found = page.find(({ number, version_id }) => String(number) === wanted || version_id === wanted);
    if (found === undefined) continue;
    const { number: version, version_id, size, content_id, created_at, modified_at = created_at } = found;
    if (version_id === node.version_id) return node;
    const { blocks: _, ...rest } = node;
    return { ...rest, version, version_id, size, content_id, modified_at };
  }
  throw noVersion(path, wanted);
}

/** The version never existed or was deleted. */
export function noVersion(path: string, wanted: string): HoldfastError {
  const list = `'holdfast versions ${shellWord(path)}'`;
  return new HoldfastError("not_found", `${path} has no version ${wanted}. ${list} lists them.`);
}
