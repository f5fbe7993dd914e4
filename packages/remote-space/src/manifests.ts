import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { applySplices, type ManifestEntry } from "@holdfast/core/manifest";
import { readAhead } from "@holdfast/core/read-ahead";
import type { WantedManifest } from "@holdfast/sync-ports/ports";
import type { HeardLists } from "./heard-lists.ts";

/** Lists per request. Each version has a list of up to 512 entries or many pages. */
const versionsAtOnce = 200;
/** Shorter lists are not worth a separate request. */
const baseEntriesMin = 64;
const requestsAhead = 3;

type Manifests = Map<string, readonly ManifestEntry[]>;

/** See `Server.manifests`. */
export async function manifests(
  client: ApiClient,
  heard: HeardLists,
  asked: readonly WantedManifest[],
): Promise<Manifests> {
  const isAgainst = ({ base }: WantedManifest): boolean => base !== undefined && base.entries.length >= baseEntriesMin;
  const found: Manifests = new Map();
  for (const { versionId } of asked) {
    const list = heard.take(versionId);
    if (list !== undefined) found.set(versionId, list);
  }
  const wanted = asked.filter(({ versionId }) => !found.has(versionId));
  const steps = wanted.filter(isAgainst).map((each) => () => manifestAgainst(client, each));
  for await (const entry of readAhead(steps, requestsAhead)) if (entry !== undefined) found.set(...entry);
  let rest = wanted.map(({ versionId }) => versionId).filter((versionId) => !found.has(versionId));
  while (rest.length > 0) {
    const some = rest.slice(0, versionsAtOnce);
    const { items, left_out = [] } = await client.call("queryManifests", { body: { version_ids: some } });
    for (const { version_id, blocks } of items) if (blocks !== undefined) found.set(version_id, blocks);
    if (left_out.length >= some.length)
      throw new HoldfastError("failed", "The server returned none of the requested block lists.");
    rest = [...left_out, ...rest.slice(some.length)];
  }
  return found;
}

/** @returns undefined if the server lacks a version, or the base has another list */
async function manifestAgainst(
  client: ApiClient,
  { versionId, base }: WantedManifest,
): Promise<[string, readonly ManifestEntry[]] | undefined> {
  if (base === undefined) return undefined;
  try {
    const query = { version: versionId, base: base.versionId };
    const { splices, blocks } = await client.call("getManifest", { params: { id: base.nodeId }, query });
    return [versionId, blocks ?? applySplices(base.entries, splices ?? [])];
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || !["not_found", "invalid_field"].includes(thrown.code)) throw thrown;
    return undefined;
  }
}
