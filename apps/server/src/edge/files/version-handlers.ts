import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { VersionJson } from "@holdfast/protocol/version-routes";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { readDeviceNames } from "../../features/accounts/people/former-devices.ts";
import { readPeople } from "../../features/accounts/people/people.ts";
import { assertPlainText } from "../../features/accounts/context/plain-text.ts";
import type { ReadShards, Shards } from "../../base/db/shards.ts";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { Committer } from "../../tree/commit/commit-queue.ts";
import { answerOnce, doOnce, repeatableBy } from "../../tree/commit/do-once.ts";
import { findNode } from "../../tree/read/look-up.ts";
import type { VersionFacts } from "../../tree/read/version-json.ts";
import { listVersions } from "../../tree/read/versions-list.ts";
import { pruneNow } from "../../tree/retention/prune-now.ts";
import { assertMay } from "../../tree/rights/roles.ts";
import type { TagOf } from "../../features/thumbs/thumb-tag.ts";
import type { Handlers } from "../exchange/handler.ts";
import { commitOperation } from "./commit-one.ts";
import { baseOf, refuseConditions, seenOf, versionOf } from "./operation-fields.ts";

interface VersionWorld {
  readonly shards: Shards;
  readonly reads: ReadShards;
  readonly committer: Committer;
  readonly clock: Clock;
  readonly tagOf: TagOf;
}

export function versionHandlers({ shards, reads, committer, clock, tagOf }: VersionWorld) {
  return {
    listVersions: async ({ caller, params, query }) => {
      const file = await findNode(reads, caller, params.id);
      if (file.row.kind !== "file")
        throw new HoldfastError("invalid_field", `${file.path} is not a file.`, { field: "id" });
      const { items, next_cursor } = await listVersions(reads, file, { ...query, userId: caller.userId });
      const t = tagOf(caller, file.rights === undefined ? [] : [file.row.id]);
      return { status: 200, json: { items: await withNames(reads, caller, items), next_cursor, t } };
    },
    labelVersion: async ({ caller, params, body, conditions }) => {
      const { version } = await commitOperation(committer, caller, {
        ...baseOf(conditions(), {}),
        ...seenOf(body),
        op: "label",
        fileId: params.id,
        version: versionOf(params.number),
        label: readLabel(body.label),
      });
      const [json] = version === undefined ? [] : await withNames(shards, caller, [version]);
      if (json === undefined) throw new HoldfastError("internal", "A commit returned no version.");
      return { status: 200, json };
    },
    pruneVersions: async ({ caller, params, body, conditions }) => {
      const { operationId, requestHash, ...others } = conditions();
      refuseConditions(others);
      const { db } = shards.of(caller.bucket);
      const once = repeatableBy(caller, { operationId, requestHash }, clock.nowMicros());
      const json = await answerOnce(db, once, async () => {
        const { space_id: spaceId, id, kind } = await findPrunable(shards, caller, params.id);
        const request = { db, clock, spaceId, keep: body.keep, isDry: body.dry_run };
        const pruned = await pruneNow(request, { id, kind });
        return doOnce(db, once, () => Promise.resolve(pruned));
      });
      return { status: 200, json };
    },
  } satisfies Handlers;
}

/**
 * Only the owner may delete versions, because they cannot be restored.
 * @throws HoldfastError not_found, forbidden, trashed, invalid_field
 */
async function findPrunable(shards: Shards, caller: Caller, nodeId: string): Promise<NodeRow> {
  const node = await findNode(shards, caller, nodeId);
  assertMay(node, "own");
  const { row, path } = node;
  if (row.trashed_at !== null) throw new HoldfastError("trashed", `${path} is in the trash.`, { field: "id" });
  if (row.kind === "file" || row.kind === "folder") return row;
  throw new HoldfastError("invalid_field", `${path} has no versions.`, { field: "id" });
}

/** Authors may have their accounts on any shard. Only the owner sees device names. */
async function withNames(
  shards: ReadShards,
  caller: Caller,
  versions: readonly VersionFacts[],
): Promise<VersionJson[]> {
  const [people, devices] = await Promise.all([
    readPeople(
      shards,
      versions.map(({ created_by }) => created_by),
    ),
    readDeviceNames(
      shards,
      caller.userId,
      versions.map(({ device_id }) => device_id),
    ),
  ]);
  return versions.map((version) => {
    const name = devices.get(version.device_id ?? "");
    return {
      ...version,
      author: people(version.created_by),
      ...(name === undefined ? {} : { device_name: name }),
    };
  });
}

function readLabel(text: string | null): string | null {
  const label = text?.trim() ?? "";
  if (label === "") return null;
  assertPlainText(label, "label");
  if (Buffer.byteLength(label) <= limits.labelBytesMax) return label;
  throw new HoldfastError("invalid_field", `The label is longer than ${limits.labelBytesMax} bytes.`, {
    field: "label",
  });
}
