import { count, formatBytes, formatNumber } from "../output/text.ts";
import { type CommandMaker, newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { Run } from "../invocation/run.ts";
import { withNotes } from "./help-notes.ts";

interface ExportFlags {
  readonly overwrite?: true;
  /** false with --no-versions, as set by commander. */
  readonly versions?: boolean;
}

export const exportCommand: CommandMaker = (context) => {
  const command = newCommand(
    "export",
    "Export your whole account as one archive: files, versions, trash, comments and lists",
    ["export holdfast.tar", "export --no-versions holdfast.tar", "export - | tar t"],
  )
    .argument("<file>", "file on this machine; - is standard output")
    .option("--overwrite", "replace an existing file")
    .option("--no-versions", "export only the newest version of each file");
  withNotes(command, [
    "The archive is a tar file that other programs can open. 'holdfast import' imports it on another server. For folders shared with you, it contains only their names.",
  ]);
  return runs<[string]>(context, command, exportAccount);
};

async function exportAccount(run: Run, file: string, flags: ExportFlags = {}): Promise<void> {
  const { context, output } = run;
  if (file === "") throw usage("The path to export to is empty.");
  if (file === "-" && output.json)
    throw usage("With -, the archive is written to standard output, so --json cannot be used.");
  const [{ ArchiveFile, streamArchive }, { Progress, TransferCounts }, { clearedOnSignals }] = await Promise.all([
    import("../archive/export-account.ts"),
    import("../output/progress.ts"),
    import("../invocation/interruption.ts"),
  ]);
  const counts = new TransferCounts();
  const { stderr: stream } = context;
  const archive = new ArchiveFile(file, flags.overwrite === true);
  if (file !== "-")
    for (const path of archive.removeLeftovers())
      output.note(`holdfast: ${path} is an unfinished export. If no other export is running, remove it.`);
  let progress: InstanceType<typeof Progress> | undefined;
  const clear = (): void => {
    progress?.stop();
    archive.clear();
  };
  const verified = await clearedOnSignals(
    run,
    { clear, message: "interrupted; the incomplete archive was removed" },
    async () => {
      const { client } = await run.connect();
      progress = new Progress(counts, { stream, quiet: output.quiet, nowMs: () => performance.now(), label: "export" });
      const options = { client, counts, withVersions: flags.versions !== false };
      try {
        return file === "-"
          ? await streamArchive(options, (bytes) => output.bytes(bytes))
          : await archive.fetch(options);
      } finally {
        progress.stop();
      }
    },
  );
  const damaged = verified.omissions.filter(({ reason }) => reason === "damaged");
  for (const { entry } of damaged)
    output.problem({ path: entry, code: "damaged", message: "damaged on the server, so incomplete in the archive" });
  if (damaged.length > 0) context.exitCode = 1;
  if (file === "-") return;
  const { head, omissions } = verified;
  const gone = omissions.length - damaged.length;
  const left =
    gone === 0
      ? ""
      : `; ${count(gone, "version")} ${gone === 1 ? "was" : "were"} removed from the server during the export and ${gone === 1 ? "is" : "are"} not in it`;
  await output.done({ file, entries: head.entries, bytes: head.bytes, omissions }, () => [
    `exported to ${file}: ${formatNumber(head.entries)} files, folders and versions, ${formatBytes(head.bytes)}${left}`,
  ]);
}
