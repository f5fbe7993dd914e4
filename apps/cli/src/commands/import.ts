import { HoldfastError } from "@holdfast/core/errors";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { count, formatBytes, formatNumber, unlikeBytes } from "../output/text.ts";
import { type CommandMaker, newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { Run } from "../invocation/run.ts";
import { withNotes } from "./help-notes.ts";
import type { Target } from "../archive/import-account.ts";
import type { ReadArchive } from "../archive/read-archive.ts";
import type { ImportReport } from "../archive/import-report.ts";

interface ImportFlags {
  readonly to?: string;
  readonly dryRun?: true;
}

export const importCommand: CommandMaker = (context) => {
  const command = newCommand(
    "import",
    "Import an archive from 'holdfast export' into your account; run it again to resume",
    ["import holdfast.tar", "import holdfast.tar --to /from-the-old-server", "import holdfast.tar --dry-run"],
  )
    .argument("<file>", "archive on this machine")
    .option("--to <path>", "destination folder on the server; created if it does not exist", "/")
    .option("--dry-run", "only show what would be done");
  withNotes(command, [
    "Files that already exist with the same content are skipped. If a file differs, it is not changed: the archive's file is stored beside it, and the exit code is 5.",
    "Older versions are imported in order. Their dates are the time of the import, not those in the archive.",
    "The trash, shares and links of the archive are not imported.",
  ]);
  return runs<[string]>(context, command, importArchive);
};

async function importArchive(run: Run, file: string, flags: ImportFlags = {}): Promise<void> {
  const { context, output } = run;
  if (file === "") throw usage("The path of the archive is empty.");
  const { client } = await run.connect();
  const [
    { readArchive },
    { planCounts, ReadingCounts },
    { Progress, TransferCounts },
    { clearedOnSignals },
    { ImportReport: Report },
  ] = await Promise.all([
    import("../archive/read-archive.ts"),
    import("../archive/import-progress.ts"),
    import("../output/progress.ts"),
    import("../invocation/interruption.ts"),
    import("../archive/import-report.ts"),
  ]);
  const { stderr: stream } = context;
  const shown = { stream, quiet: output.quiet, nowMs: () => performance.now() };
  const reading = new ReadingCounts();
  const imported = new Report(output, new TransferCounts());
  let progress = new Progress(reading, { ...shown, label: "import: reading the archive" });
  const message = "interrupted; run the same command again to resume";
  const archive = await clearedOnSignals(run, { clear: () => progress.stop(), message }, async () => {
    try {
      // Nothing is written before the whole archive is verified.
      const read = await readArchive(file, (bytes, ofBytes) => reading.read(bytes, ofBytes));
      progress.stop();
      planCounts(imported.counts, read);
      await warnAboutRoom(run, client, imported.counts.bytesTotal);
      // Resets the rate, because reading an archive is much faster than sending it.
      progress = new Progress(imported.counts, { ...shown, label: "import" });
      await importRead(client, { read, imported, flags });
      return read;
    } finally {
      progress.stop();
    }
  });
  context.exitCode = imported.exitCode;
  await output[flags.dryRun === true ? "result" : "done"]({ ...imported.toJson(), left: leftOf(archive) }, () =>
    linesOf(imported, archive, flags),
  );
}

/** Only a warning, because the server may already have some of the files. */
async function warnAboutRoom({ output }: Run, client: ApiClient, bytes: number): Promise<void> {
  const { freeRoom } = await import("../transfer/put/room.ts");
  const freeBytes = await freeRoom({ client });
  if (freeBytes === undefined || bytes <= freeBytes) return;
  const [needed, free] = unlikeBytes(bytes, freeBytes);
  output.note(
    `holdfast: The archive contains ${needed}, and ${free} is free. Files that are already on the server need no space. If the rest does not fit, the import stops; run it again to continue. See 'holdfast df'.`,
  );
}

async function importRead(
  client: ApiClient,
  { read, imported, flags }: { read: ReadArchive; imported: ImportReport; flags: ImportFlags },
): Promise<void> {
  const [
    { importTree },
    { importWords },
    { startTransferPool },
    { NewIds },
    { SentBlocks },
    { UploadPace },
    { newWindows },
  ] = await Promise.all([
    import("../archive/import-account.ts"),
    import("../archive/import-words.ts"),
    import("../transfer/transfer-pool.ts"),
    import("../transfer/new-ids.ts"),
    import("../transfer/put/put-work.ts"),
    import("@holdfast/api-client/upload-pace"),
    import("../archive/import-files.ts"),
  ]);
  const pool = startTransferPool();
  const isDry = flags.dryRun === true;
  const sending = { client, pool, windows: newWindows(), sent: new SentBlocks(), pace: new UploadPace() };
  const work = { ...sending, ids: new NewIds(() => Date.now()), archive: read, imported, isDry };
  try {
    const placed = await importTree(work, await targetOf(client, flags.to ?? "/", isDry));
    if (!isDry) await importWords(work, placed);
  } finally {
    await pool.close();
  }
}

/** @throws HoldfastError conflict if the path is not an own folder */
async function targetOf(client: ApiClient, given: string, isDry: boolean): Promise<Target> {
  const [{ findNode }, { parseNewPath }] = await Promise.all([
    import("../remote/look-up.ts"),
    import("../remote/remote-path.ts"),
  ]);
  const path = parseNewPath(given);
  const there = await findNode(client, path);
  if (there === undefined && isDry) return { id: (await client.call("getAccount")).root_id, path, isNew: true };
  const node = there ?? (await client.call("createNode", { body: { kind: "folder", path, parents: true } }));
  if (node.kind !== "folder" || node.role !== "owner")
    throw new HoldfastError("conflict", `${path} is not a folder that you own.`);
  return { id: node.id, path, isNew: there === undefined };
}

function leftOf({ trashed, shares, links, omissions }: ReadArchive) {
  return { trashed, shares, links, omissions: omissions.length };
}

function linesOf(report: ImportReport, archive: ReadArchive, { dryRun }: ImportFlags): string[] {
  const { folders, files, links, versions, equal, labels, stars, comments, conflicts, problems } = report;
  const would = dryRun === true ? "would be " : "";
  const { trashed, shares, links: given } = leftOf(archive);
  const left = [
    ...(trashed > 0 ? [`${count(trashed, "item")} in the trash`] : []),
    ...(shares > 0 ? [count(shares, "share")] : []),
    ...(given > 0 ? [count(given, "link")] : []),
    ...(report.mounts > 0 ? [count(report.mounts, "mount")] : []),
  ];
  return [
    `${count(files, "file")} ${would}imported with ${count(versions, "version")}, ${count(folders, "folder")}, ${count(links, "symbolic link")}; ${formatNumber(equal)} already equal`,
    ...(labels + stars + comments > 0
      ? [`${count(labels, "label")}, ${count(stars, "star")}, ${count(comments, "comment")}`]
      : []),
    ...(left.length > 0 ? [`not imported: ${left.join(", ")}`] : []),
    ...(conflicts.length > 0
      ? [`${count(conflicts.length, "item")} ${would}stored beside existing items that differ`]
      : []),
    ...(problems.length > 0 ? [count(problems.length, "problem")] : []),
    `the archive has ${formatBytes(archive.head.bytes)}`,
  ];
}
