import { HoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import type { Run } from "../invocation/run.ts";
import { count, formatBytes, formatNumber } from "../output/text.ts";
import type { TransferReport } from "./transfer-report.ts";

/** Reports progress when a transfer of several files breaks off. For a single file the error suffices. */
export async function reportBrokenOff(
  run: Run,
  report: TransferReport,
  verb: "sent" | "fetched",
  thrown?: unknown,
): Promise<void> {
  const { filesDone, filesTotal, bytesDone, bytesTotal, totalIsFinal } = report.counts;
  report.reportAlike();
  if (report.isDry || filesTotal < 2) return;
  const [files_left, bytes_left] = [filesTotal - filesDone, Math.max(0, bytesTotal - bytesDone)];
  run.doneBefore = { ...report.toJson(), files_left, bytes_left };
  if (run.output.json) return;
  // The error that ended the transfer is reported separately and counts as one problem.
  const problems = report.problemCount + 1;
  const least = totalIsFinal ? "" : "at least ";
  const line = `${report.itemsSent} ${verb} (${formatBytes(report.bytesSent)}), ${report.itemsNotSent}, ${least}${formatNumber(files_left)} not ${verb} (${formatBytes(bytes_left)}), ${count(problems, "problem")}`;
  const room = await roomLines(run, thrown);
  await run.output.result(undefined, () => [line, ...leftLines(report, files_left, least), ...room]);
}

function leftLines({ left }: TransferReport, filesLeft: number, least: string): string[] {
  if (left.length === 0) return [];
  const more = filesLeft - left.length;
  return [`Not sent: ${left.map(printable).join(", ")}${more > 0 ? ` and ${least}${formatNumber(more)} more` : ""}`];
}

async function roomLines(run: Run, thrown: unknown): Promise<string[]> {
  if (!(thrown instanceof HoldfastError) || thrown.code !== "store_full") return [];
  const { client } = await run.connect();
  // The token may not be allowed to read the usage.
  const { uploads_bytes: bytes } = await client.call("getUsage").catch(() => ({ uploads_bytes: 0 }));
  if (bytes === 0) return [];
  return [
    `Unfinished uploads take ${formatBytes(bytes)} of the server's disk. An administrator removes them with 'holdfast admin gc --unfinished --now'.`,
  ];
}
