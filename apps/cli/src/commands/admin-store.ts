import { printable } from "@holdfast/core/printable";
import { shellWord } from "@holdfast/core/shell-word";
import type { RouteAnswer, RouteBodyInput, routes } from "@holdfast/protocol/routes";
import { timeFor } from "../output/listing.ts";
import type { Output } from "../output/output.ts";
import { count, formatBytes, formatNumber } from "../output/text.ts";
import { adminCall, jobResult, newAdminCommand, polled, reportedOnSignals } from "./admin-call.ts";
import { runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";

type ScrubReport = RouteAnswer<typeof routes.adminGetScrub>;

export function scrubCommand(context: Context) {
  const command = newAdminCommand(
    "scrub",
    "Report damaged blocks and the affected files; exit code 1 if there are any",
    ["admin scrub", "admin scrub --now"],
  ).option("--now", "reread all content first; without it, the findings of the last pass are reported");
  return runs<[]>(context, command, async (run, { data, now }) => {
    const words = { name: "the scrub", later: "'holdfast admin scrub' reports its findings." };
    const report =
      now === true
        ? await reportedOnSignals(run, data, words, () => scrubNow(run, data))
        : await adminCall(run, data, "adminGetScrub", {});
    await run.output.result(report, () => reportLines(report, run.output));
    if (report.damaged.some(isLoss) || report.state === "failed") context.exitCode = 1;
  });
}

async function scrubNow(run: Run, data: unknown): Promise<ScrubReport> {
  const started = await adminCall(run, data, "adminStartScrub", {});
  return polled(
    started,
    ({ state }) => state !== "running",
    () => adminCall(run, data, "adminGetScrub", {}),
  );
}

/** A damaged block that no file needs is no loss, because it will be removed. */
function isLoss({ hash, files }: ScrubReport["damaged"][number]): boolean {
  return hash === null || files.length > 0;
}

function reportLines(report: ScrubReport, output: Output): string[] {
  const { state, started_at, finished_at, packs, blocks, damaged } = report;
  if (state === "never") return ["No scrub has run yet. 'holdfast admin scrub --now' runs one."];
  const isNew = (found_at = "") => Date.parse(found_at) >= Date.parse(started_at ?? "");
  const fresh = damaged.filter(({ found_at }) => isNew(found_at)).length;
  const news = damaged.length === 0 ? "" : `, ${formatNumber(fresh)} of them new`;
  const head = `${count(packs, "pack")} with ${count(blocks, "block")} read, ${formatNumber(damaged.length)} damaged${news} (${ended(state, timeFor(output, finished_at))})`;
  const found = damaged.flatMap(({ hash, pack_id, reason, files, found_at }) => [
    `damaged: ${hash ?? "a footer"} in pack ${pack_id}: ${reason} (${since(output, found_at, isNew(found_at))})`,
    ...(hash !== null && files.length === 0 ? ["  no file uses it"] : []),
    ...files.map((file) => `  ${file.owner}: ${file.path} (version ${file.version})`),
  ]);
  return [head, ...mended(report), ...found, ...(damaged.some(isLoss) ? [advice] : [])];
}

const advice =
  "A device that syncs one of these files repairs it automatically. Uploading the file again with 'holdfast put' to the same path also repairs it. See docs/operation.md, \"Damage\".";

function since(output: Output, foundAt: string | undefined, isNew: boolean): string {
  if (foundAt === undefined) return "known before";
  return isNew ? "new" : `known since ${timeFor(output, foundAt)}`;
}

function mended({ revived, healed, repaired, mended: copies, without_rows }: ScrubReport): string[] {
  return [
    ...(revived > 0 ? [`${count(revived, "damaged block")} can be read again`] : []),
    ...(healed > 0 ? [`${count(healed, "damaged block")} with another, intact copy`] : []),
    ...repaired.map(({ pack_id, reason }) => `repaired from the index: pack ${pack_id}: ${reason}`),
    ...copies.map(
      ({ store, pack_id, reason }) => `repaired from the other store: pack ${pack_id} in ${store}: ${reason}`,
    ),
    ...(without_rows > 0 ? [`${count(without_rows, "pack")} read that are not in the index (yet)`] : []),
  ];
}

function ended(state: ScrubReport["state"], at: string): string {
  if (state === "running") return "still running";
  return state === "failed" ? `failed at ${at}: the server's log has the reason; is the store reachable?` : at;
}

export function gcCommand(context: Context) {
  const command = newAdminCommand("gc", "Free the space of deleted content now; it also happens automatically", [
    "admin gc --dry-run",
    "admin gc --now",
    "admin gc --unfinished --dry-run",
  ])
    .option("--now", "free the space")
    .option("--dry-run", "only show how much would be freed")
    .option("--unfinished", "also remove unfinished uploads that were not used in the last hour");
  return runs<[]>(context, command, async (run, { data, now, dryRun, unfinished }) => {
    if ((now === true) === (dryRun === true)) throw usage("Use either --now or --dry-run.");
    const body = { dry_run: dryRun === true, ...(unfinished === true ? { unfinished: true } : {}) };
    const words = { name: "freeing space", later: "'holdfast admin gc --dry-run' shows what is left." };
    const given = await reportedOnSignals(run, data, words, () => collected(run, data, body));
    await run.output[body.dry_run ? "result" : "done"](given, () => [
      ...unfinishedLines(given, body.dry_run, run.output),
      ...collectionLines(given, body.dry_run),
      ...(given.bytes === 0 && given.unfinished === undefined ? adviceLines(data, run.context.environment) : []),
    ]);
  });
}

const retentionTimes =
  "the periods in HOLDFAST_RETENTION_BLOCKS, _DOOMED and _PACKS (in the app: Administration, Settings)";

const sooner = {
  HOLDFAST_RETENTION_BLOCKS: "1h",
  HOLDFAST_RETENTION_DOOMED: "10m",
  HOLDFAST_RETENTION_PACKS: "10m",
} as const;

/**
 * Returns advice when nothing could be freed. The command works as printed, except for the data folder of a server on
 * another machine.
 * @param data value of --data; without it the variables of this process do not reach the server
 */
function adviceLines(data: unknown, environment: Context["environment"]): string[] {
  const isSet = Object.keys(sooner).some((name) => (environment[name] ?? "") !== "");
  if (isSet && typeof data === "string")
    return ["Nothing is old enough yet, even with the shorter periods. Run the same command again in an hour."];
  const variables = Object.entries(sooner).map(([name, value]) => `${name}=${value}`);
  const folder = typeof data === "string" ? shellWord(data) : "DIR";
  return [
    `Space that is no longer needed is freed after ${retentionTimes}. To free it sooner on a full disk, run this ${typeof data === "string" ? "" : "on the server's machine, with its data folder as DIR, "}and again an hour later:`,
    `    ${variables.join(" ")} holdfast admin gc --now --data ${folder}`,
  ];
}

type Collection = Extract<RouteAnswer<typeof routes.adminCollect>, { readonly bytes: number }>;

async function collected(
  run: Run,
  data: unknown,
  body: RouteBodyInput<typeof routes.adminCollect>,
): Promise<Collection> {
  const answer = await adminCall(run, data, "adminCollect", { body });
  return "bytes" in answer ? answer : jobResult(run, answer, () => adminCall(run, data, "adminGetCollection", {}));
}

function collectionLines(given: Collection, isDry: boolean): string[] {
  const { bytes, blocks, packs, versions, nodes } = given;
  return [
    `${isDry ? "would free" : "freed"} ${formatBytes(bytes)}: ${count(blocks, "block")}, ${count(packs, "pack")}`,
    `${isDry ? "would remove" : "removed"} ${count(versions, "old version")}, and ${nodes === 1 ? "1 file or folder" : `${formatNumber(nodes)} files and folders`} that were in the trash`,
  ];
}

/** Removed uploads no longer count for their account. The store frees their space after the usual periods. */
function unfinishedLines({ unfinished }: Collection, isDry: boolean, output: Output): string[] {
  if (unfinished === undefined) return [];
  if (unfinished.length === 0) return ["There are no unfinished uploads."];
  const removable = unfinished.filter(({ in_use: isInUse }) => !isInUse);
  const freed = removable.length === 0 ? [] : [`The space of unfinished uploads is freed after ${retentionTimes}.`];
  const lines = unfinished.map(({ account, uploads, blocks, bytes, last_used_at: at, in_use: isInUse }) => {
    const removed = isDry ? "would remove" : "removed";
    const parts = [uploads > 0 ? count(uploads, "upload") : "", blocks > 0 ? count(blocks, "block") : ""];
    const what = `${parts.filter((part) => part !== "").join(" and ")} (${formatBytes(bytes)})`;
    return `${isInUse ? "kept, in use" : `${removed} unfinished`}: ${what} of ${printable(account)}, last used ${timeFor(output, at)}`;
  });
  return [...lines, ...freed];
}

export function rebuildIndexCommand(context: Context) {
  const command = newAdminCommand("rebuild-index", "Rebuild the block index from the packs and the keys", [
    "admin rebuild-index",
  ]);
  return runs<[]>(context, command, async (run, { data }) => {
    const words = { name: "rebuilding the index", later: "Run the same command again to wait for the result." };
    const report = await reportedOnSignals(run, data, words, async () => {
      const started = await adminCall(run, data, "adminRebuildIndex", {});
      return jobResult(run, started, () => adminCall(run, data, "adminGetRebuild", {}));
    });
    await run.output.done(
      report,
      () => [
        `${count(report.packs, "pack")} read, ${count(report.blocks, "block")} ${report.blocks === 1 ? "was" : "were"} missing from the index and added, ${count(report.holders, "holder")}`,
      ],
      () => report.unreadable_packs.map((pack) => `unreadable: pack ${pack}`),
    );
    if (report.unreadable_packs.length > 0) context.exitCode = 1;
  });
}
