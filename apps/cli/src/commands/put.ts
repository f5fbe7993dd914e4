import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import type { LinkAddress } from "../links/link-address.ts";
import { clearBar } from "../output/screen.ts";
import { count, formatBytes, formatNumber } from "../output/text.ts";
import { parseRemotePath, readIdPath } from "../remote/remote-path.ts";
import type { PutRoot } from "../transfer/put/put-root.ts";
import type { TransferReport } from "../transfer/transfer-report.ts";
import type { CommandOutput } from "../transfer/put/command-output.ts";
import { newCommand, missing, runs } from "./command.ts";
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

export const putCommand: CommandMaker = (context) => {
  const command = newCommand("put", "Upload files and folders; run it again to resume", [
    "put report.odt /documents/",
    "put photos /photos",
    "put photos /photos --exclude '*.raw' --limit 2M",
    "put photos /photos --delete --dry-run",
    "put a.jpg b.jpg /photos/",
    "tar c folder | holdfast put - /folder.tar",
    "put --from-command /backup/db.sql -- pg_dump shop",
    "put report.odt https://drive.example/s/hfl_…",
    "put report.odt 0199c3a1-83c0-8a5f-9d3c-2f7d0d4a1b2c",
  ])
    .usage("[options] <local...> <remote>")
    .argument(
      "<paths...>",
      "files and folders to upload (- for standard input), then the destination: a path on the server, a link, or an ID from `shared`",
    );
  command
    .option("--delete", "also delete files and folders on the server that do not exist here; they go to the trash")
    .option(
      "--from-command <remote>",
      "run the command after -- without a shell and upload its output if it exits with 0",
    )
    .option("--allow-empty", "store an empty file if there is no input")
    .option("--times", "also update files if only their modification time changed")
    .option("--yes", "allow mass deletions");
  withNotes(withTransferOptions(command), [
    "If the destination is an existing folder, a file is placed in it under its own name. If the destination ends in / or there are several sources, so are folders. Otherwise the destination is the new path; a folder is merged into an existing one.",
  ]);
  return runs<[string[]]>(context, command, async (run, paths, flags: PutFlags) => {
    if (flags.fromCommand === undefined) {
      const [given, ...locals] = [paths.at(-1), ...paths.slice(0, -1)];
      if (given === undefined || locals.length === 0)
        missing(command, "Specify at least one source, and then the path on the server.");
      return put(run, locals, given, flags);
    }
    // Options after -- belong to the command, but commander parses them as its own arguments.
    const words = Reflect.get(command.parent ?? command, "rawArgs") as readonly string[];
    const isApart = words.includes("--") && words.length - words.indexOf("--") - 1 === paths.length;
    if (flags.fromCommand.startsWith("-") || !isApart) {
      missing(
        command,
        "Specify a path on the server, and the command after --: put --from-command REMOTE -- COMMAND ARGS.",
      );
    }
    await putOutput(run, flags.fromCommand, paths, flags);
  });
};

/** Uploads the output of a command. A signal is passed to the command and ends this process. */
async function putOutput(run: Run, remote: string, words: readonly string[], flags: PutFlags): Promise<void> {
  const [{ CommandOutput }, { clearedOnSignals }] = await Promise.all([
    import("../transfer/put/command-output.ts"),
    import("../invocation/interruption.ts"),
  ]);
  const output = new CommandOutput(words);
  const ended = {
    clear: (signal: NodeJS.Signals) => {
      output.stop(signal);
      if (run.context.stderr.isTTY === true) clearBar(run.context.stderr);
    },
    get message() {
      return output.isWhole
        ? `interrupted while ${remote} was being stored; check whether it is there`
        : "interrupted; nothing was stored";
    },
  };
  try {
    await clearedOnSignals(run, ended, () => put(run, ["-"], remote, flags, output));
  } finally {
    output.stop("SIGTERM");
  }
}

interface PutFlags extends TransferFlags {
  readonly allowEmpty?: true;
  readonly fromCommand?: string;
  readonly times?: true;
}

async function put(
  run: Run,
  locals: readonly string[],
  given: string,
  flags: PutFlags,
  written?: CommandOutput,
): Promise<void> {
  if (flags.passwordStdin === true && written === undefined && locals.includes("-")) {
    throw usage("Standard input can be the content or the password, but not both.");
  }
  const patterns = await readTransferFlags(run, flags);
  const link = await run.connectByLink(given, flags.passwordStdin === true, false);
  const byId = link ? undefined : readIdPath(given);
  const [transfer, { TransferReport }, { Progress }, { interruptible }, { reportBrokenOff }] = await Promise.all([
    import("../transfer/put/put.ts"),
    import("../transfer/transfer-report.ts"),
    import("../output/progress.ts"),
    import("../transfer/interruptible.ts"),
    import("../transfer/broken-off.ts"),
  ]);
  const { client, configFolder } = await run.connect();
  const { remote, top, root } = link ? await placeOfLink(client, link, locals) : await placeOf(client, byId, given);
  const { context, output } = run;
  const stdin = written ?? context.stdin;
  const [allowEmpty, withTimes] = [flags.allowEmpty === true, flags.times === true];
  const report = new TransferReport(output, "sent", flags.dryRun === true, alikeShownMax);
  const progress = new Progress(report.counts, {
    stream: context.stderr,
    quiet: output.quiet,
    nowMs: () => performance.now(),
    label: "put",
    moved: () => movedOf(run, report),
    waitsForFile: written !== undefined,
  });
  const mirroring = mirroringOf(run, flags, () => progress.stop());
  await interruptible(run, progress, () =>
    transfer.put(
      {
        client,
        configFolder,
        report,
        stdin,
        writer: written?.name,
        allowEmpty,
        withTimes,
        patterns,
        mirroring,
        root,
        isForeign: top !== undefined && top.role !== "owner",
      },
      locals,
      remote,
    ),
  ).catch(async (thrown: unknown) => {
    await reportBrokenOff(run, report, "sent", thrown);
    throw thrown;
  });
  report.reportAlike();
  warnUnused(run, patterns);
  await printOutcome(run, report);
  report.reportExchanged();
  report.reportNotSynced();
  // The server does not reveal which names are taken.
  if (top?.role === "uploader" && report.filesSent > 0)
    output.note(
      "You cannot see what this folder contains. A file whose name was taken is stored under another name, such as 'report (2).odt'.",
    );
  if (report.problems.length > 0) context.exitCode = report.exitCode;
}

async function printOutcome({ output }: Run, report: TransferReport): Promise<void> {
  const would = report.isDry ? "would be " : "";
  const deleted = report.deleted === 0 ? "" : `, ${formatNumber(report.deleted)} ${would}deleted`;
  const healed =
    report.filesHealed === 0 ? "" : ` (${formatNumber(report.filesHealed)} of them repaired on the server)`;
  await output[report.isDry ? "result" : "done"](report.toJson(), () => [
    ...report.planLines(),
    `${report.itemsSent} ${would}sent (${formatBytes(report.bytesSent)}), ${report.itemsNotSent}${healed}${deleted}, ${count(report.problemCount, "problem")}`,
  ]);
}

interface Place {
  readonly remote: string;
  readonly root: PutRoot;
  /** Shared item that contains the destination; undefined for the account's own files. */
  readonly top?: NodeJson;
}

async function placeOfLink(client: ApiClient, link: LinkAddress, locals: readonly string[]): Promise<Place> {
  const { address } = link;
  const path = parseRemotePath(link.path);
  const { rootOfLink } = await import("../transfer/put/put-root.ts");
  const { node: top } = await client.call("getCurrentLink");
  const root = rootOfLink(client, top);
  if (path !== "/" && top.kind !== "folder")
    throw new HoldfastError("conflict", `This link shows a ${top.kind}, which has no path below it. Use ${address}.`);
  if (path !== "/" && top.role === "uploader")
    throw new HoldfastError("forbidden", `This link is for uploads only, without a path below it. Use ${address}.`);
  if (top.kind !== "folder") return { remote: "", root, top };
  if (path !== "/") return { remote: path, root, top };
  if (locals.includes("-"))
    throw usage(
      "Files uploaded to a folder's link keep their own names. Standard input and the output of a command have no name.",
    );
  return { remote: "/", root, top };
}

async function placeOf(client: ApiClient, byId: ReturnType<typeof readIdPath>, given: string): Promise<Place> {
  const { ownRoot, rootAt } = await import("../transfer/put/put-root.ts");
  if (byId === undefined) return { remote: parseRemotePath(given), root: ownRoot(client) };
  const below = byId.below === "" ? "" : parseRemotePath(byId.below);
  const top = await sharedTop(client, byId.id);
  // An uploader does not see the folder's content, so nothing is merged into it.
  const remote = below === "" && top.role === "uploader" ? "/" : below;
  return { remote, root: rootAt(client, top), top };
}

/** @throws HoldfastError not_found */
async function sharedTop(client: ApiClient, id: string): Promise<NodeJson> {
  const { findSharedWithMe, lookUpShared } = await import("../remote/look-up-shared.ts");
  return lookUpShared(client, id).catch(async (thrown: unknown) => {
    // An uploader finds the folder only in the list of shares.
    const listed = thrown instanceof HoldfastError && thrown.code === "not_found";
    const shared = listed ? await findSharedWithMe(client, id) : undefined;
    if (shared === undefined) throw thrown;
    return shared;
  });
}
