import type { Run } from "../commands/command.ts";
import { count, formatBytes, formatNumber } from "../output/text.ts";
import type { TransferReport } from "./transfer-report.ts";

/** Says what went, and what did not, where a transfer of many ends before its end. One file alone says it by its failure. */
export async function tellBrokenOff(run: Run, report: TransferReport, verb: "sent" | "fetched"): Promise<void> {
  const { filesDone, filesTotal, bytesDone, bytesTotal, totalIsFinal } = report.counts;
  report.tellAlike();
  if (report.isDry || filesTotal < 2) return;
  const [files_left, bytes_left] = [filesTotal - filesDone, Math.max(0, bytesTotal - bytesDone)];
  run.doneBefore = { ...report.toJson(), files_left, bytes_left };
  if (run.output.json) return;
  // What ended it is told for itself, and is one of them.
  const problems = report.problems.length + 1;
  const least = totalIsFinal ? "" : "at least ";
  const line = `${count(report.filesSent, "file")} ${verb} (${formatBytes(report.bytesSent)}), ${formatNumber(report.filesEqual)} equal already, ${least}${formatNumber(files_left)} not ${verb} (${formatBytes(bytes_left)}), ${count(problems, "problem")}`;
  await run.output.result(undefined, () => [line]);
}
