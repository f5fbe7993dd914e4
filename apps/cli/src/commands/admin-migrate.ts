import { count } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { Context } from "../output/context.ts";

export function migrateCommand(context: Context) {
  const command = newCommand(
    "migrate",
    "Migrate external databases to this version, before its servers start; earlier servers can keep running",
    ["admin migrate --dry-run", "admin migrate --config /etc/holdfast/config.json"],
  )
    .option("--data <folder>", "data folder of the server; default is HOLDFAST_DATA or the platform's")
    .option("--config <file>", "read settings from a JSON file; default is HOLDFAST_CONFIG")
    .option("--dry-run", "check the databases and list what would be migrated");
  return runs<[]>(context, command, async (run, { data, config, dryRun }) => {
    const { runMigrations } = await import("@holdfast/server/admin");
    const text = (value: unknown) => (typeof value === "string" ? value : undefined);
    const isDry = dryRun === true;
    const schemas = await runMigrations({ data: text(data), config: text(config) }, isDry, context.environment);
    await run.output.done({ schemas, dry_run: isDry }, () => {
      if (schemas.length === 0) return ["The databases have the schema of this version, or of a later one."];
      return schemas.map(({ schema, id, migrations }) => {
        return `${isDry ? "would migrate" : "migrated"} ${schema} ${id}: ${count(migrations.length, "migration")}, the last ${migrations.at(-1)}`;
      });
    });
  });
}
