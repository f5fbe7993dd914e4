import type { ArchiveVersion } from "@holdfast/protocol/archive-documents";
import type { NodeJson } from "@holdfast/protocol/values";
import type { VersionJson } from "@holdfast/protocol/version-routes";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { allPages, pageItemsMax } from "../remote/pages.ts";
import type { ImportWork } from "./import-work.ts";

export interface VersionSteps {
  readonly todo: readonly ArchiveVersion[];
  readonly missing: readonly ArchiveVersion[];
  readonly label: (fileId: string) => Promise<void>;
}

/**
 * Adjacent equal versions count as one, as on the server.
 * @param known the file, if an import created it
 * @returns diverged if the server has other versions
 */
export async function stepsFor(
  work: ImportWork,
  all: readonly ArchiveVersion[],
  known: NodeJson | undefined,
): Promise<VersionSteps | "diverged"> {
  const missing = all.filter(({ content_id: id }) => work.archive.contentOf(id) === undefined);
  const groups = grouped(all.filter((version) => !missing.includes(version)));
  const label = (fileId: string) => labelAll(work, groups, fileId);
  if (known !== undefined && isSurelyDone(groups, known)) return { todo: [], missing, label };
  const there = known === undefined ? [] : groupedThere(await versionsOf(work.client, known.id));
  const shared = Math.min(groups.length, there.length);
  const isSame = groups.slice(0, shared).every(([first], index) => first?.content_id === there[index]?.[0]?.content_id);
  // The server deletes old versions, so an equal newest one shows that the import was complete.
  const isDone = there.length > 0 && groups.at(-1)?.[0]?.content_id === there.at(-1)?.[0]?.content_id;
  if (!isSame && !isDone) return "diverged";
  return {
    todo: isSame ? groups.slice(shared).flatMap((group) => group.slice(-1)) : [],
    missing,
    label,
  };
}

/** The versions need not be listed if the head is the archive's last content and differs from all earlier ones. */
function isSurelyDone(groups: readonly ArchiveVersion[][], { content_id: contentId }: NodeJson): boolean {
  return groups.findIndex(([first]) => first?.content_id === contentId) === groups.length - 1;
}

async function labelAll(work: ImportWork, groups: readonly ArchiveVersion[][], fileId: string): Promise<void> {
  const labels = groups.map((group) => group.findLast(({ label }) => label !== null)?.label ?? undefined);
  if (labels.every((label) => label === undefined)) return;
  const there = groupedThere(await versionsOf(work.client, fileId));
  for (const [index, label] of labels.entries()) {
    const version = there[index]?.at(-1);
    const isSame = version?.content_id === groups[index]?.[0]?.content_id;
    // Keeps a label that someone has set since.
    if (label === undefined || version === undefined || !isSame || version.label !== undefined) continue;
    await work.client.call("labelVersion", { params: { id: fileId, number: version.version_id }, body: { label } });
    work.imported.labels += 1;
  }
}

/** Oldest first. */
async function versionsOf(client: ApiClient, id: string): Promise<VersionJson[]> {
  const found: VersionJson[] = [];
  const list = (cursor: string | undefined) =>
    client.call("listVersions", { params: { id }, query: { limit: pageItemsMax, cursor } });
  for await (const page of allPages(list)) found.push(...page);
  return found.toReversed();
}

function groupedThere(versions: readonly VersionJson[]): VersionJson[][] {
  return grouped(versions);
}

function grouped<Version extends { readonly content_id: string }>(versions: readonly Version[]): Version[][] {
  const groups: Version[][] = [];
  for (const version of versions) {
    const last = groups.at(-1);
    if (last?.[0]?.content_id === version.content_id) last.push(version);
    else groups.push([version]);
  }
  return groups;
}
