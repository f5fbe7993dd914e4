import { setTimeout as wait } from "node:timers/promises";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { count, formatTime, printable } from "../output/text.ts";
import { adminCall, newAdminCommand } from "./admin-call.ts";
import { runs } from "./command.ts";
import type { Context, Run } from "./command.ts";

type ScrubReport = RouteAnswer<typeof routes.adminGetScrub>;

export function scrubCommand(context: Context) {
  const command = newAdminCommand(
    "scrub",
    "Report damaged blocks and the files that they touch; exit code 1 if there are any",
    ["admin scrub", "admin scrub --now"],
  ).option("--now", "reread every pack first; without it, what the last pass found");
  return runs<[]>(context, command, async (run, { data, now }) => {
    const report = now === true ? await scrubNow(run, data) : await adminCall(run, data, "adminGetScrub", {});
    await run.output.result(report, () => reportLines(report));
    if (report.damaged.length > 0 || report.state === "failed") context.exitCode = 1;
  });
}

const pollIntervalMs = 500;

async function scrubNow(run: Run, data: unknown): Promise<ScrubReport> {
  let report = await adminCall(run, data, "adminStartScrub", {});
  while (report.state === "running") {
    await wait(pollIntervalMs);
    report = await adminCall(run, data, "adminGetScrub", {});
  }
  return report;
}

function reportLines({ state, finished_at, packs, blocks, damaged }: ScrubReport): string[] {
  if (state === "never") return ["No scrub has run yet. 'holdfast admin scrub --now' runs one."];
  const head = `${packs} packs with ${blocks} blocks read, ${damaged.length} damaged (${ended(state, finished_at)})`;
  const found = damaged.flatMap(({ hash, pack_id, reason, files }) => [
    `damaged: ${hash ?? "a footer"} in pack ${pack_id}: ${reason}`,
    ...files.map((file) => `  ${printable(file.owner)}: ${printable(file.path)} (version ${file.version})`),
  ]);
  const advice = "Put the named files again from another copy: blocks that are sent again are healed.";
  return [head, ...found, ...(damaged.length > 0 ? [advice] : [])];
}

function ended(state: ScrubReport["state"], finishedAt: string | null): string {
  if (state === "running") return "still running";
  const at = formatTime(finishedAt);
  return state === "failed" ? `given up at ${at}: the server's log says why; is the store there?` : at;
}

export function rebuildIndexCommand(context: Context) {
  const command = newAdminCommand("rebuild-index", "Recreate the index of blocks from the packs and the keys", [
    "admin rebuild-index",
  ]);
  return runs<[]>(context, command, async (run, { data }) => {
    const report = await adminCall(run, data, "adminRebuildIndex", {});
    await run.output.result(report, () => [
      `${count(report.packs, "pack")} read, ${count(report.blocks, "block")} ${report.blocks === 1 ? "was" : "were"} missing in the index and added, ${count(report.holders, "holder")}`,
      ...report.unreadable_packs.map((pack) => `unreadable: pack ${pack}`),
    ]);
    if (report.unreadable_packs.length > 0) context.exitCode = 1;
  });
}
