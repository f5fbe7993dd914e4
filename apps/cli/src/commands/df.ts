import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { pruneCommand } from "@holdfast/core/prune-command";
import type { UsageJson } from "@holdfast/protocol/usage-routes";
import { Listing } from "../output/listing.ts";
import type { Output } from "../output/output.ts";
import { count, formatBytes, formatTable } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const dfCommand: CommandMaker = (context) => {
  const command = newCommand("df", "Show your storage: used space, free space and quota", ["df", "df --json"]);
  return runs<[]>(context, command, async (run) => {
    const { client, server } = await run.connect();
    const [{ email, plan, used_bytes, stored_bytes, quota_bytes }, usage] = await Promise.all([
      client.call("getAccount"),
      readUsage(client),
    ]);
    const usedFree = quota_bytes === null ? null : Math.max(0, quota_bytes - used_bytes);
    const free_bytes = usage === undefined ? usedFree : usage.free_bytes;
    const figures = { used_bytes, stored_bytes, quota_bytes, free_bytes };
    await run.output.result({ server, email, plan, ...figures, ...usage }, () => [
      ...tableOf(
        [
          ...(usage === undefined ? [] : countedParts(usage)),
          ["used", formatBytes(used_bytes)],
          ["quota", quota_bytes === null ? "none" : formatBytes(quota_bytes)],
          freeRow(figures, usage?.server_space),
        ],
        usage === undefined ? [] : uncountedParts(usage),
        ["stored in total", formatBytes(stored_bytes), "equal content is stored once"],
      ),
      ...(usage === undefined
        ? []
        : [...serverOf(usage), ...boundOf(usage), ...largestOf(usage, run.output), ...wayOut(usage)]),
    ]);
  });
};

/** @returns undefined for a token that cannot read files, and for an older server */
async function readUsage(client: ApiClient): Promise<UsageJson | undefined> {
  try {
    return await client.call("getUsage");
  } catch (thrown) {
    if (thrown instanceof HoldfastError && ["forbidden", "not_found"].includes(thrown.code)) return undefined;
    throw thrown;
  }
}

/**
 * Formats one table, so that the numbers are aligned, with a heading before the parts that do not count against the
 * quota.
 */
function tableOf(counted: readonly string[][], uncounted: readonly string[][], total: readonly string[]): string[] {
  const lines = formatTable([...counted, ...uncounted, total], [1]);
  return [
    ...lines.slice(0, counted.length),
    ...(uncounted.length === 0 ? [] : ["", "Not counted against the quota:"]),
    ...lines.slice(counted.length, -1),
    "",
    ...lines.slice(-1),
  ];
}

/** The sum is the used space. */
function countedParts({ files_bytes, used_bytes, complete }: UsageJson): string[][] {
  return [
    ["files", formatBytes(files_bytes)],
    ["trash", `${complete ? "" : "about "}${formatBytes(used_bytes - files_bytes)}`],
  ];
}

/** Full sizes, as in the list of the largest files. */
function uncountedParts({ old_versions_bytes, uploads_bytes, complete }: UsageJson): string[][] {
  return [
    ["old versions", `${complete ? "" : "at least "}${formatBytes(old_versions_bytes)}`],
    ["unfinished uploads", formatBytes(uploads_bytes)],
  ];
}

function freeRow(
  figures: Pick<UsageJson, "used_bytes" | "quota_bytes" | "free_bytes">,
  serverSpace: UsageJson["server_space"],
): string[] {
  const { used_bytes, quota_bytes, free_bytes } = figures;
  if (quota_bytes !== null && used_bytes > quota_bytes)
    return ["over the quota by", formatBytes(used_bytes - quota_bytes)];
  if (serverSpace === "full") return ["free", formatBytes(0)];
  if (serverSpace === "low" && (free_bytes ?? Infinity) > limits.serverSpaceLowBytes)
    return ["free", `less than ${formatBytes(limits.serverSpaceLowBytes)}`];
  return ["free", free_bytes === null ? "no limit" : formatBytes(free_bytes)];
}

function serverOf({ server_space: space }: UsageJson): string[] {
  if (space === undefined) return [];
  const state = space === "full" ? "full, so it refuses uploads" : "almost full";
  return [
    "",
    `The server's disk is ${state}. An administrator can free up space: 'holdfast admin doctor' names the disk.`,
  ];
}

function boundOf({ quota_bytes, used_bytes, stored_bytes_max, free_bytes, old_versions_bytes }: UsageJson): string[] {
  if (quota_bytes === null || stored_bytes_max === null || free_bytes === null) return [];
  const most = formatBytes(stored_bytes_max);
  if (free_bytes < quota_bytes - used_bytes)
    return ["", `Old versions and trash leave less space than the quota: at most ${most} can be stored.`];
  if (old_versions_bytes === 0) return [];
  return ["", `Old versions do not count against the quota. Together with everything else, they can take up ${most}.`];
}

/** Deleting old versions would not help. Emptying the trash helps only if it is large enough. */
function wayOut({ quota_bytes, used_bytes, files_bytes }: UsageJson): string[] {
  const nearBytes = ((quota_bytes ?? Infinity) * limits.quotaNearPercent) / 100;
  if (used_bytes < nearBytes) return [];
  const trash = files_bytes >= nearBytes ? "delete files, then: holdfast trash empty" : "holdfast trash empty";
  return ["", `To free up space: ${trash}`];
}

const largestColumns = [
  { title: "SIZE", right: true },
  { title: "VERSIONS", right: true },
  { title: "PATH", overflows: true },
] as const;

function largestOf(
  { old_versions_bytes, files_bytes, largest_versions: largest }: UsageJson,
  output: Output,
): string[] {
  const [first] = largest;
  if (first === undefined || old_versions_bytes <= files_bytes) return [];
  return [
    "",
    "Files with the largest old versions:",
    ...new Listing(output, largestColumns, "").lines(
      largest.map(({ bytes, versions, path }) => [`  ${formatBytes(bytes)}`, count(versions, "old version"), path]),
    ),
    `To delete old ones: ${pruneCommand(first.path, first.versions)}`,
  ];
}
