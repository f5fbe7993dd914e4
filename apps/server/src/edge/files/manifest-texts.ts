import type { VersionId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Splice } from "@holdfast/core/manifest";
import type { VersionRow } from "../../base/db/shard-tables.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { findVisibleVersions, type VisibleVersion } from "../../tree/read/visible-versions.ts";
import { entriesOf, entryCount, readList, readLists, type VersionList } from "../../tree/content/manifests.ts";

type Head = Pick<VersionRow, "id" | "number" | "size" | "content_id">;

/** Response of GET /files/{id}/manifest. */
export async function* manifestText(
  shard: Shard,
  version: Head & VersionList,
): AsyncGenerator<string, void, undefined> {
  yield `${openHead(version)},"blocks":[`;
  yield* entriesText(shard, version);
  yield "]}";
}

/** The same response as changes to a base. */
export async function* splicesText(version: Head, splices: readonly Splice[]): AsyncGenerator<string, void, undefined> {
  yield `${openHead(version)},"splices":[`;
  for (const [index, splice] of splices.entries()) yield `${index === 0 ? "" : ","}${JSON.stringify(splice)}`;
  yield "]}";
}

/**
 * Response of POST /manifests: readable versions in the order of the request, with up to `manifestEntriesAtOnceMax`
 * entries together, but at least one version. Omitted versions are named at the end.
 */
export async function* manifestsText(
  shards: Shards,
  caller: Actor,
  ids: readonly VersionId[],
): AsyncGenerator<string, void, undefined> {
  const readable = await findVisibleVersions(shards, caller, ids);
  let entries = 0;
  let reached = 0;
  let before = "";
  yield '{"items":[';
  for (const group of groupsOf(readable)) {
    if (entries >= limits.manifestEntriesAtOnceMax) break;
    const [{ spaceId }] = group;
    const shard = shards.ofId(spaceId);
    const lists = await readLists(
      shard,
      spaceId,
      group.map(({ id }) => id),
    );
    for (const head of group) {
      if (entries >= limits.manifestEntriesAtOnceMax) break;
      reached += 1;
      const list = lists.get(head.id);
      if (list === undefined) continue;
      entries += entryCount(list);
      yield `${before}${openHead(head)},"blocks":[`;
      yield* entriesText(shard, list);
      yield "]}";
      before = ",";
    }
  }
  const leftOut = readable.slice(reached).map(({ id }) => id);
  yield leftOut.length === 0 ? "]}" : `],"left_out":${JSON.stringify(leftOut)}}`;
}

/** Total size of the lists that are read together. */
const groupBytesMax = 1024 * 1024;

type Group = [VisibleVersion, ...VisibleVersion[]];

function groupsOf(heads: readonly VisibleVersion[]): Group[] {
  const groups: Group[] = [];
  let freeBytes = 0;
  for (const head of heads) {
    const last = groups.at(-1);
    if (last === undefined || head.list_bytes > freeBytes || head.spaceId !== last[0].spaceId) {
      groups.push([head]);
      freeBytes = groupBytesMax;
    } else last.push(head);
    freeBytes -= head.list_bytes;
  }
  return groups;
}

function openHead({ id, number, size, content_id }: Head): string {
  return JSON.stringify({ version_id: id, version: number, size, content_id: content_id.toString("hex") }).slice(0, -1);
}

async function* entriesText(shard: Shard, version: VersionList): AsyncGenerator<string, void, undefined> {
  let before = "";
  for await (const { pieces } of readList(shard, version)) {
    for (const piece of pieces) {
      yield before + pieceText(piece);
      before = ",";
    }
  }
}

function pieceText(piece: Uint8Array): string {
  return entriesOf({ pieces: [piece] })
    .map(({ hash, size }) => `{"hash":"${hash}","size":${size}}`)
    .join(",");
}
