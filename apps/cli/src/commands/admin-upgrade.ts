import { count } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { Context } from "../output/context.ts";

export function upgradeDatabaseCommand(context: Context) {
  const command = newCommand(
    "upgrade-database",
    "Upgrade the embedded database to this version's PostgreSQL, while the server is stopped",
    [
      "admin upgrade-database --data /srv/holdfast",
      "admin upgrade-database --data /srv/holdfast --from-binaries /opt/holdfast-before",
      "admin upgrade-database --data /srv/holdfast --remove-old",
    ],
  )
    .option("--data <folder>", "data folder of the server; default is HOLDFAST_DATA")
    .option(
      "--from-binaries <folder>",
      "folder of the PostgreSQL that created the database: of an earlier Holdfast, or any installation",
    )
    .option("--remove-old", "only remove the old database, once it is no longer needed");
  return runs<[]>(context, command, async (run, { data, fromBinaries, removeOld }) => {
    const [{ runUpgrade }, { clearedOnSignals }, { StepLine }] = await Promise.all([
      import("@holdfast/server/care/upgrade/run-upgrade"),
      import("../invocation/interruption.ts"),
      import("../output/step-line.ts"),
    ]);
    const text = (value: unknown) => (typeof value === "string" ? value : undefined);
    const progress = new StepLine(run, "upgrade-database");
    const request = { dataFolder: text(data), fromBinaries: text(fromBinaries), removesOld: removeOld === true };
    const clear = (): void => progress.stop();
    const message = "interrupted; no data is lost. Run the same command again.";
    const report = await clearedOnSignals(run, { clear, message }, () =>
      runUpgrade({ ...request, progress }, context.environment),
    ).finally(clear);
    await run.output.done(report, () => [
      report.old === null
        ? `The database already has the format of PostgreSQL ${report.to}.`
        : `The database was upgraded from PostgreSQL ${report.from} to ${report.to}: ${count(report.tables, "table")}, ${count(report.rows, "row")}.`,
      ...report.removed.map((name) => `removed: ${name}`),
    ]);
    if (report.old === null) return;
    run.output.note(
      `The old database is in ${report.old}. Start the server, make a backup, and then run: holdfast admin upgrade-database --remove-old`,
    );
  });
}
