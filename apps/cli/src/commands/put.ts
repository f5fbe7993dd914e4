import { count, formatBytes } from "../output/text.ts";
import { newCommand, runs, usage } from "./command.ts";
import type { CommandMaker, Run } from "./command.ts";

export const putCommand: CommandMaker = (context) => {
  const command = newCommand("put", "Put files and folders on the server; run again, it goes on where it was", [
    "put report.odt /documents/",
    "put photos /photos",
    "put a.jpg b.jpg /photos/",
    "tar c folder | holdfast put - /folder.tar",
  ])
    .usage("[options] <local...> <remote>")
    .argument("<paths...>", "what to put (- is standard input), and last where to on the server")
    .addHelpText(
      "after",
      "\nA file put to an existing folder, anything put to a path that ends in /, and each of several\ngoes inside under its own name. Otherwise it becomes that path; a folder is merged into what is there.",
    );
  return runs<[string[]]>(context, command, put);
};

async function put(run: Run, paths: string[]): Promise<void> {
  const remote = paths.at(-1);
  const locals = paths.slice(0, -1);
  if (remote === undefined || locals.length === 0) throw usage("Name what to put, and last where to on the server.");
  const [transfer, { TransferReport }, { Progress }, { interruptible }] = await Promise.all([
    import("../transfer/put/put.ts"),
    import("../transfer/transfer-report.ts"),
    import("../output/progress.ts"),
    import("../transfer/interruptible.ts"),
  ]);
  const { client, configFolder } = await run.connect();
  const { context, output } = run;
  const report = new TransferReport(output, "sent");
  const progress = new Progress(report.counts, {
    stream: context.stderr,
    quiet: output.quiet,
    nowMs: () => performance.now(),
    label: "put",
  });
  await interruptible(run, progress, () =>
    transfer.put({ client, configFolder, report, stdin: context.stdin }, locals, remote),
  );
  const healed = report.filesHealed === 0 ? "" : ` (${report.filesHealed} of them healed on the server)`;
  await output.result(report.toJson(), () => [
    `${count(report.filesSent, "file")} sent (${formatBytes(report.bytesSent)}), ${report.filesEqual} equal already${healed}, ${count(report.problems.length, "problem")}`,
  ]);
  if (report.problems.length > 0) context.exitCode = report.exitCode;
}
