import { count, formatBytes } from "../output/text.ts";
import { newCommand, runs, usage } from "./command.ts";
import type { CommandMaker, Run } from "./command.ts";

export const putCommand: CommandMaker = (context) => {
  const command = newCommand("put", "Put files and folders on the server; run again, it goes on where it was", [
    "put report.odt /documents/",
    "put photos /photos",
    "put a.jpg b.jpg /photos/",
    "tar c folder | holdfast put - /folder.tar",
    "put report.odt https://drive.example/s/hfl_…",
  ])
    .usage("[options] <local...> <remote>")
    .argument(
      "<paths...>",
      "what to put (- is standard input), and last where to on the server, or the address of a link",
    )
    .option("--password-stdin", "read the link's password from standard input (its first line)")
    .addHelpText(
      "after",
      "\nA file put to an existing folder, anything put to a path that ends in /, and each of several\ngoes inside under its own name. Otherwise it becomes that path; a folder is merged into what is there.",
    );
  return runs<[string[]]>(context, command, put);
};

async function put(run: Run, paths: string[], options: { passwordStdin?: true }): Promise<void> {
  const given = paths.at(-1);
  const locals = paths.slice(0, -1);
  if (given === undefined || locals.length === 0) throw usage("Name what to put, and last where to on the server.");
  if (options.passwordStdin === true && locals.includes("-")) {
    throw usage("Standard input is either what to put or the password.");
  }
  const isLink = await run.connectByLink(given, options.passwordStdin === true);
  const remote = isLink ? "/" : given;
  const [transfer, { TransferReport }, { Progress }, { interruptible }] = await Promise.all([
    import("../transfer/put/put.ts"),
    import("../transfer/transfer-report.ts"),
    import("../output/progress.ts"),
    import("../transfer/interruptible.ts"),
  ]);
  const { client, configFolder } = await run.connect();
  const root = isLink ? (await client.call("getCurrentLink")).node : undefined;
  const { context, output } = run;
  const report = new TransferReport(output, "sent");
  const progress = new Progress(report.counts, {
    stream: context.stderr,
    quiet: output.quiet,
    nowMs: () => performance.now(),
    label: "put",
  });
  await interruptible(run, progress, () =>
    transfer.put({ client, configFolder, report, stdin: context.stdin, root }, locals, remote),
  );
  const healed = report.filesHealed === 0 ? "" : ` (${report.filesHealed} of them healed on the server)`;
  await output.result(report.toJson(), () => [
    `${count(report.filesSent, "file")} sent (${formatBytes(report.bytesSent)}), ${report.filesEqual} equal already${healed}, ${count(report.problems.length, "problem")}`,
  ]);
  if (report.problems.length > 0) context.exitCode = report.exitCode;
}
