import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { defaultDataFolder } from "@holdfast/disk/default-data-folder";
import { shellWord } from "@holdfast/core/shell-word";
import { timeFor } from "../output/listing.ts";
import { count, formatBytes } from "../output/text.ts";
import { newCommand, parseCount, runs, usage } from "./command.ts";
import type { Context, Run } from "./command.ts";
import { parseDuration } from "./duration.ts";
import { momentText } from "./when-text.ts";
import { parseMoment } from "./when.ts";

export function backupCommand(context: Context) {
  const command = newCommand(
    "backup",
    "Copy the server's data to a folder or bucket, while it runs; again, what is new",
    [
      "admin backup /mnt/backups",
      "admin backup 's3://backups/drive?endpoint=https://s3.example' --keep 30",
      "admin backup /mnt/backups --schedule 1d --keep 30",
      "admin backup /mnt/backups --data /srv/holdfast",
    ],
  )
    .argument("<place>", "a folder on another disk, or s3://…")
    .option("--data <folder>", dataHelp)
    .option("--keep <count>", "remove all backups but so many of the newest, and what only they needed")
    .option("--schedule <time>", "now, and by the server itself each time so much has passed: 1d, 12h; off: no more")
    .option("--with-key", "put the key-encryption key into the backup, which opens it to whoever has it");
  return runs<[string]>(context, command, async (run, place, { data, keep, schedule, withKey }) => {
    const { runBackup } = await import("@holdfast/server/backup/run-backup");
    const environment = await environmentFor(run, data);
    const everyMs = parseSchedule(schedule);
    const told = { dataFolder: asText(data), keep: parseCount(keep, "--keep"), withKey: withKey === true, everyMs };
    const answer = await runBackup({ place, ...told }, environment);
    if (answer === undefined) return run.output.result({ schedule: null }, () => ["The server makes no more backups."]);
    const { database, key, problems, ...report } = answer;
    await run.output.result({ ...report, database, key, problems }, () => [
      `${count(report.packs, "pack")}${database ? " and the database" : ""} backed up as of ${timeFor(run.output, report.consistent_at)}: ` +
        `${formatBytes(report.bytes)}, of which ${formatBytes(report.added_bytes)} are new`,
      ...report.removed.map((id) => `removed: ${id}`),
      ...problems.map((problem) => `problem: ${problem}`),
    ]);
    if (everyMs !== undefined) run.output.note(`The server makes one every ${asText(schedule)} from now on.`);
    if (!database) run.output.note(databaseNote);
    if (report.same_disk)
      run.output.note(`${place} is on the same disk as the server: have another one elsewhere too.`);
    if (key !== null) run.output.note(keyNote(key));
    if (problems.length > 0) context.exitCode = 1;
  });
}

const dataHelp = "the server's data folder; unless given, HOLDFAST_DATA or that of the server signed in to";

const databaseNote =
  'The database is not in it: back it up with its own tools, each time before this. See docs/operation.md, "Backups".';

function keyNote(key: string): string {
  return `Keep a copy of ${key} in another place: without it nothing in the backup opens, and it is not in the backup.`;
}

export function restoreBackupCommand(context: Context) {
  const command = newCommand("restore-backup", "Make a new data folder of a backup, for a server to start on", [
    "admin restore-backup /mnt/backups --data /srv/restored",
    "admin restore-backup /mnt/backups --data /srv/restored --at 2027-01-31T09:00:00Z --key ./key-encryption-key",
  ])
    .argument("<place>", "as 'holdfast admin backup' was given it")
    .requiredOption("--data <folder>", "the new data folder")
    .option("--at <time>", `as it was then: ${momentText}; unless given, the newest`)
    .option("--key <file>", "the key-encryption key of the server that was backed up, where it is not found by itself")
    .option("--accept-damage", "restore what is whole, where the backup is damaged");
  return runs<[string]>(context, command, async (run, place, { data, at, key, acceptDamage }) => {
    const { runRestoreBackup } = await import("@holdfast/server/backup/run-restore");
    const request = {
      place,
      dataFolder: String(data),
      at: at === undefined ? undefined : parseMoment(String(at))(Date.now()),
      keyFile: asText(key),
      acceptsDamage: acceptDamage === true,
    };
    const report = await runRestoreBackup(request, context.environment);
    await run.output.result(report, () => [
      `${String(data)} is as the server was at ${timeFor(run.output, report.consistent_at)}: ` +
        `${count(report.packs, "pack")} with ${formatBytes(report.bytes)}`,
      ...(report.shredded === 0 ? [] : [shreddedAgain(report.shredded)]),
      ...report.problems.map((problem) => `problem: ${problem}`),
    ]);
    run.output.note(
      `Next: holdfast serve --data ${shellWord(String(data))} (the old server must not run on the same port). What clients have that it lacks comes back from them.`,
    );
    if (report.problems.length > 0) context.exitCode = 1;
  });
}

function shreddedAgain(accounts: number): string {
  return `${count(accounts, "account")} ${accounts === 1 ? "was" : "were"} shredded by now: what is back of them goes again when the server starts`;
}

export function drillCommand(context: Context) {
  const command = newCommand(
    "drill",
    "Restore the newest backup into a scratch folder, reread it, and tell how long it took",
    ["admin drill", "admin drill /mnt/backups --sample 100"],
  )
    .argument("[place]", "as 'holdfast admin backup' was given it; unless given, where the last backup went")
    .option("--data <folder>", dataHelp)
    .option("--key <file>", "the key-encryption key, where the data folder does not have it")
    .option("--sample <count>", "restore and reread only so many packs, drawn by chance, and the database")
    .option(
      "--scratch <folder>",
      "where there is room for all of it; unless given, the system's folder for temporary files",
    );
  return runs<[string | undefined]>(context, command, async (run, place, { data, key, sample, scratch }) => {
    const { runDrill } = await import("@holdfast/server/backup/run-drill");
    const environment = await environmentFor(run, data);
    const request = {
      place,
      dataFolder: asText(data),
      keyFile: asText(key),
      scratch: asText(scratch),
      sample: parseCount(sample, "--sample"),
    };
    const report = await runDrill(request, environment);
    await run.output.result(report, () => [
      `the backup of ${timeFor(run.output, report.consistent_at)} was restored in ${report.recovery_seconds} s: ` +
        `${count(report.files, "file")} with ${formatBytes(report.bytes)}; ${count(report.packs, "pack")} reread`,
      `what is younger would be lost: ${report.recovery_point_seconds} s`,
      ...report.problems.map((problem) => `problem: ${problem}`),
    ]);
    if (report.problems.length > 0) context.exitCode = 1;
  });
}

/**
 * What runs beside the data finds it as `serve` does. Without a word of where, it is the folder of the server that one is signed in to, as that
 * tells its administrators, where it is of this machine.
 */
async function environmentFor(run: Run, data: unknown): Promise<Context["environment"]> {
  const { environment } = run.context;
  const isSaid =
    data !== undefined || ["HOLDFAST_DATA", "HOLDFAST_CONFIG"].some((name) => environment[name] !== undefined);
  return isSaid ? environment : { ...(await settingsOfServer(run)), ...environment };
}

/** Its data folder and stores, unless it is of another machine, nobody is signed in, or it does not answer. */
async function settingsOfServer(run: Run): Promise<Context["environment"]> {
  try {
    const { client } = await run.connect();
    const { items } = await client.call("adminListSettings", {});
    const textOf = (wanted: string) => items.find(({ name, source }) => name === wanted && source !== "default")?.value;
    const data = items.find(({ name }) => name === "data")?.value;
    if (typeof data !== "string" || !existsSync(data)) return {};
    const stores = { HOLDFAST_STORE: textOf("store"), HOLDFAST_SECOND_STORE: textOf("second_store") };
    const given = Object.entries(stores).filter((each): each is [string, string] => typeof each[1] === "string");
    return { HOLDFAST_DATA: resolve(data), ...Object.fromEntries(given) };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    if (error.code !== "forbidden" || existsSync(usualDataFolder(run.context))) return {};
    throw new HoldfastError(
      "forbidden",
      "You are not signed in as an administrator, and nobody else is told where the server's data is. Sign in as one, or run this on the server's machine, as the user that the server runs as, with --data FOLDER.",
      { cause: error },
    );
  }
}

function usualDataFolder({ environment }: Context): string {
  const userId = process.getuid?.();
  return defaultDataFolder({ platform: process.platform, homeFolder: homedir(), environment, userId });
}

/** @returns milliseconds; 0 is off */
function parseSchedule(text: unknown): number | undefined {
  if (typeof text !== "string") return undefined;
  if (text === "off") return 0;
  const everyMs = parseDuration(text) ?? 0;
  if (everyMs >= 60_000) return everyMs;
  throw usage(`--schedule takes a time of a minute or more, such as 1d, 12h or 30m, or off, and not ${text}.`);
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
