import { HoldfastError } from "@holdfast/core/errors";
import { isId, type VersionId } from "@holdfast/core/ids";
import type { NodeRow, VersionRow } from "../../base/db/shard-tables.ts";
import { loadNumberedVersions, loadVersions } from "./load.ts";
import type { Work } from "./work.ts";

/**
 * Finds a version by its number or id, including versions made by earlier steps of the same transaction.
 * @param version number (as text in a path or query) or id
 * @throws HoldfastError not_found
 */
export async function findVersion(work: Work, row: NodeRow, version: number | string): Promise<VersionRow> {
  const [found] = await loadOld(work, row, version);
  if (found?.node_id === row.id) return { ...found, modified_at: dateOf(work, found) };
  throw new HoldfastError("not_found", "The file has no such version.", { field: "version" });
}

function dateOf({ changes }: Work, { id, modified_at: date }: VersionRow): number | null {
  return changes.replaced.find(({ versionId }) => versionId === id)?.modifiedAtMicros ?? date;
}

async function loadOld({ reader, space, changes }: Work, row: NodeRow, version: number | string) {
  const number = Number(version);
  const isNumber = Number.isSafeInteger(number) && number > 0;
  const pending = changes.versions.filter(
    (made) => made.node_id === row.id && (isNumber ? made.number === number : made.id === version),
  );
  if (pending.length > 0) return pending;
  if (isNumber) return loadNumberedVersions(reader, space.id, [{ nodeId: row.id, number }]);
  return isId(String(version)) ? loadVersions(reader, space.id, [version as VersionId]) : [];
}
