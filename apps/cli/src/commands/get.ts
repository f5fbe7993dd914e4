import type { NodeJson } from "@holdfast/protocol/values";
import { count, formatBytes } from "../output/text.ts";
import { newCommand, runs, usage } from "./command.ts";
import type { CommandMaker, Run } from "./command.ts";

export const getCommand: CommandMaker = (context) => {
  const command = newCommand("get", "Get files and folders from the server; run again, it goes on where it was", [
    "get /documents/report.odt .",
    "get /photos ./photos",
    "get /folder.tar - | tar x",
    "get https://drive.example/s/hfl_… ./photos",
  ])
    .argument("<remote>", "a path on the server, an id as `shared` lists it, or the address of a link")
    .argument("<local>", "where to on this machine; - is standard output")
    .option("--overwrite", "replace also what was changed here since it was fetched")
    .option("--password-stdin", "read the link's password from standard input (its first line)")
    .addHelpText(
      "after",
      "\nA file got to an existing folder, and anything got to a path that ends in /, goes inside under its own name.\nOtherwise it becomes that path; a folder is merged into what is there.\nA file that was changed here since it was fetched is kept, and the exit code is 5; --overwrite replaces it.",
    );
  return runs<[string, string]>(context, command, get);
};

interface GetFlags {
  readonly passwordStdin?: true;
  readonly overwrite?: true;
}

async function get(run: Run, given: string, local: string, options: GetFlags): Promise<void> {
  const { context, output } = run;
  if (local === "") throw usage("The path to get to is empty; write . for the folder that you are in.");
  if (local === "-" && output.json)
    throw usage("With - standard output carries the file itself, so there is no place for --json.");
  const isLink = await run.connectByLink(given, options.passwordStdin === true, true);
  const remote = isLink ? "/" : given;
  const { client, configFolder } = await run.connect();
  if (local === "-") return getToStdout(run, remote, isLink);
  const [transfer, { TransferReport }, { Progress }, { interruptible }] = await Promise.all([
    import("../transfer/get/get.ts"),
    import("../transfer/transfer-report.ts"),
    import("../output/progress.ts"),
    import("../transfer/interruptible.ts"),
  ]);
  const { countedSource } = await import("../links/counted-source.ts");
  const sourceOf = isLink ? (node: NodeJson, folder: string) => countedSource(client, node, folder) : undefined;
  const report = new TransferReport(output, "received");
  const progress = new Progress(report.counts, {
    stream: context.stderr,
    quiet: output.quiet,
    nowMs: () => performance.now(),
    label: "get",
  });
  await interruptible(run, progress, () =>
    transfer.get({ client, report, sourceOf, configFolder, overwrites: options.overwrite === true }, remote, local),
  );
  const kept = report.filesKept === 0 ? "" : `, ${report.filesKept} changed here and kept`;
  await output.result(report.toJson(), () => [
    `${count(report.filesSent, "file")} fetched (${formatBytes(report.bytesSent)}), ${report.filesEqual} equal already${kept}, ${count(report.problems.length, "problem")}`,
  ]);
  if (report.problems.length > 0) context.exitCode = report.exitCode;
}

async function getToStdout(run: Run, remote: string, isLink: boolean): Promise<void> {
  const [{ lookUpShared }, { streamFile }, { countedSource }] = await Promise.all([
    import("../remote/look-up-shared.ts"),
    import("../transfer/get/stream-file.ts"),
    import("../links/counted-source.ts"),
  ]);
  const { client } = await run.connect();
  const node = await lookUpShared(client, remote);
  // Of a file nothing is spooled, and of a folder nothing is written here.
  const source = isLink ? await countedSource(client, node, ".") : undefined;
  await streamFile(client, node, (bytes) => run.output.bytes(bytes), source);
}
