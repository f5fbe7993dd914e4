import { isId, type VersionId } from "@holdfast/core/ids";
import { findVersion } from "../../tree/content/manifests.ts";
import { listDifference } from "../../tree/read/list-difference.ts";
import { findNode } from "../../tree/read/look-up.ts";
import type { Handlers } from "../exchange/handler.ts";
import { manifestsText, manifestText, splicesText } from "./manifest-texts.ts";
import { type DownloadParts, serveDownload } from "./serve-download.ts";
import { StreamedJson } from "../exchange/streamed-json.ts";

export function downloadHandlers(parts: DownloadParts) {
  const { shards } = parts;
  return {
    download: (context) => serveDownload(parts, context, { id: context.params.id, version: context.query.version }),
    getManifest: async ({ caller, params, query }) => {
      const { row } = await findNode(shards, caller, params.id);
      const version = await findVersion(shards, row, query.version);
      const shard = shards.ofId(row.space_id);
      const base = query.base === undefined ? undefined : await findVersion(shards, row, query.base);
      const splices = base === undefined ? undefined : await listDifference(shard, base, version);
      const texts = splices === undefined ? manifestText(shard, version) : splicesText(version, splices);
      return { status: 200, json: new StreamedJson(texts) };
    },
    queryManifests: ({ caller, body }) => {
      const ids = body.version_ids.filter((id) => isId(id)) as VersionId[];
      return { status: 200, json: new StreamedJson(manifestsText(shards, caller, ids)) };
    },
  } satisfies Handlers;
}
