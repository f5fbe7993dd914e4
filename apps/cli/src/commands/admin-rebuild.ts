import { timeFor } from "../output/listing.ts";
import { count, formatBytes } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { Context } from "../output/context.ts";

export function rebuildCommand(context: Context) {
  const command = newCommand(
    "rebuild",
    "Rebuild a data folder from the store and the key after the database was lost",
    [
      "admin rebuild --from /srv/holdfast/store --key ./key-encryption-key --data /srv/rebuilt",
      "admin rebuild --from 's3://drive?endpoint=https://s3.example' --key ./key-encryption-key --data /srv/rebuilt",
    ],
  )
    .requiredOption("--from <store>", "store of the server: a folder, or s3://…")
    .option("--key <file>", "key-encryption key; default is HOLDFAST_KEY_ENCRYPTION_KEY")
    .requiredOption("--data <folder>", "new data folder");
  return runs<[]>(context, command, async (run, { from, key, data }) => {
    const [{ runRebuild }, { clearedOnSignals }, { StepLine }] = await Promise.all([
      import("@holdfast/server/care/backup/run-rebuild"),
      import("../invocation/interruption.ts"),
      import("../output/step-line.ts"),
    ]);
    const progress = new StepLine(run, "rebuild");
    progress.begin("opening the store");
    const keyFile = typeof key === "string" ? key : undefined;
    const request = { from: String(from), keyFile, dataFolder: String(data), progress };
    const clear = (): void => progress.stop();
    const message = `interrupted; ${request.dataFolder} is not rebuilt, and no server starts on it. Run the same command again. The store is unchanged.`;
    const report = await clearedOnSignals(run, { clear, message }, () =>
      runRebuild(request, context.environment),
    ).finally(clear);
    await run.output.done(
      report,
      () => [
        `${request.dataFolder} has the state of the server at ${timeFor(run.output, report.consistent_at)}: ` +
          `${count(report.packs, "pack")} with ${formatBytes(report.bytes)} are in the store`,
      ],
      () => report.problems.map((problem) => `problem: ${problem}`),
    );
    run.output.note(
      report.store === null
        ? `Start it with: holdfast serve --data ${request.dataFolder}. It uses the store in ${request.from}, so the old server must not run again.`
        : `Start it with: holdfast serve --data ${request.dataFolder} --store '${report.store}'. The old server must not run again.`,
    );
    if (report.problems.length > 0) context.exitCode = 1;
  });
}
