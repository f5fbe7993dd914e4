import type { NodeJson } from "@holdfast/protocol/values";
import { count, formatBytes, formatNumber } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";
import { withNotes } from "./help-notes.ts";
import {
  alikeShownMax,
  mirroringOf,
  movedOf,
  readTransferFlags,
  warnUnused,
  withTransferOptions,
} from "./transfer-options.ts";
import type { TransferFlags } from "./transfer-options.ts";
import { readVersion } from "./version-argument.ts";

export const getCommand: CommandMaker = (context) => {
  const command = newCommand("get", "Download files and folders; run it again to resume", [
    "get /documents/report.odt",
    "get /documents/report.odt --version 3 old.odt",
    "get /photos ./photos --exclude '*.raw'",
    "get /photos ./photos --delete --dry-run",
    "get /folder.tar - | tar x",
    "get https://drive.example/s/hfl_… ./photos",
  ])
    .argument("<remote>", "path on the server, ID from `shared`, link, or path in a link (LINK/photos)")
    .argument("[local]", "destination on this machine; default is the current folder, - is standard output")
    .option("--overwrite", "also replace files that changed here since they were downloaded")
    .option("--version <version>", "version of the file, by number or ID; default is the newest");
  command
    .option(
      "--delete",
      "also permanently delete local files that do not exist on the server, if the server has their content",
    )
    .option("--yes", "allow mass deletions");
  withNotes(withTransferOptions(command), [
    "If the destination is an existing folder, a file is placed in it under its own name. If the destination ends in /, so is a folder. Otherwise the destination is the new path; a folder is merged into an existing one.",
    "A file that was changed here since it was downloaded is kept, and the exit code is 5; --overwrite replaces it.",
  ]);
  return runs<[string, string | undefined]>(context, command, get);
};

interface GetFlags extends TransferFlags {
  readonly overwrite?: true;
  readonly version?: string;
}

async function get(run: Run, remote: string, local = "./", flags: GetFlags = {}): Promise<void> {
  const { context, output } = run;
  if (local === "") throw usage("The destination is empty. Use . for the current folder.");
  if (local === "-" && (output.json || flags.dryRun === true))
    throw usage(
      `With -, the file is written to standard output, so ${output.json ? "--json" : "--dry-run"} cannot be used.`,
    );
  const version = flags.version === undefined ? undefined : readVersion(flags.version, remote);
  const patterns = await readTransferFlags(run, flags);
  const link = await run.connectByLink(remote, flags.passwordStdin === true, true);
  const { client, configFolder } = await run.connect();
  if (local === "-") {
    const { toStdout } = await import("../transfer/get/to-stdout.ts");
    return toStdout(run, link, remote, version);
  }
  const [transfer, { TransferReport }, { Progress }, { interruptible }, { reportBrokenOff }] = await Promise.all([
    import("../transfer/get/get.ts"),
    import("../transfer/transfer-report.ts"),
    import("../output/progress.ts"),
    import("../transfer/interruptible.ts"),
    import("../transfer/broken-off.ts"),
  ]);
  const { countedSource } = await import("../transfer/get/counted-source.ts");
  const sourceOf = link ? (node: NodeJson, folder: string) => countedSource(client, node, folder) : undefined;
  const isDry = flags.dryRun === true;
  const report = new TransferReport(output, "received", isDry, alikeShownMax);
  report.counts.search = { doing: "listing files", found: 0 };
  const progress = new Progress(report.counts, {
    stream: context.stderr,
    quiet: output.quiet,
    nowMs: () => performance.now(),
    label: "get",
    moved: () => movedOf(run, report),
  });
  const mirroring = mirroringOf(run, flags, () => progress.stop());
  const options = {
    client,
    link,
    report,
    configFolder,
    version,
    patterns,
    mirroring,
    overwrites: flags.overwrite === true,
  };
  await interruptible(run, progress, () =>
    isDry ? transfer.previewGet(options, remote, local) : transfer.get({ ...options, sourceOf }, remote, local),
  ).catch(async (thrown: unknown) => {
    await reportBrokenOff(run, report, "fetched");
    throw thrown;
  });
  report.reportAlike();
  warnUnused(run, patterns);
  const deleted = report.deleted === 0 ? "" : `, ${formatNumber(report.deleted)} ${isDry ? "would be " : ""}deleted`;
  const kept = report.filesKept === 0 ? "" : `, ${formatNumber(report.filesKept)} changed here and kept`;
  await output[report.isDry ? "result" : "done"](report.toJson(), () => [
    ...report.planLines(),
    `${report.itemsSent} ${isDry ? "would be " : ""}fetched (${formatBytes(report.bytesSent)}), ${report.itemsNotSent}${kept}${deleted}, ${count(report.problemCount, "problem")}`,
  ]);
  if (report.problems.length > 0) context.exitCode = report.exitCode;
}
