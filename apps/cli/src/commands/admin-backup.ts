import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { defaultDataFolder } from "@holdfast/disk/default-data-folder";
import { shellWord } from "@holdfast/core/shell-word";
import { timeFor } from "../output/listing.ts";
import { count, formatBytes } from "../output/text.ts";
import { newCommand, parseCount, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";
import { parseDuration } from "./duration.ts";
import { momentText } from "./when-text.ts";
import { parseMoment } from "./when.ts";

export function backupCommand(context: Context) {
  const command = newCommand(
    "backup",
    "Back up the server's data to a folder or bucket while it runs; later backups copy only new data",
    [
      "admin backup /mnt/backups",
      "admin backup 's3://backups/drive?endpoint=https://s3.example' --keep 30",
      "admin backup /mnt/backups --schedule 1d --keep 30",
      "admin backup /mnt/backups --data /srv/holdfast",
    ],
  )
    .argument("<place>", "folder on another disk, or s3://…")
    .option("--data <folder>", dataHelp)
    .option("--keep <count>", "number of newest backups to keep; the others are removed")
    .option("--schedule <time>", "back up now and then automatically at this interval: 1d, 12h; off to stop")
    .option("--with-key", "store the key-encryption key in the backup, so that anyone who has the backup can read it");
  return runs<[string]>(context, command, async (run, place, { data, keep, schedule, withKey }) => {
    const [{ runBackup }, { clearedOnSignals }] = await Promise.all([
      import("@holdfast/server/care/backup/run-backup"),
      import("../invocation/interruption.ts"),
    ]);
    const environment = await environmentFor(run, data);
    const everyMs = parseSchedule(schedule);
    const settings = { dataFolder: asText(data), keep: parseCount(keep, "--keep"), withKey: withKey === true, everyMs };
    const progress = await stepLine(run, "backup", "opening the server's data");
    const ended = { clear: () => progress.stop(), message: unfinished(place) };
    const noteTaken = (id: string): void => void (ended.message = unpruned(place, id));
    const request = { place, ...settings, noteTaken, progress };
    const answer = await clearedOnSignals(run, ended, () => runBackup(request, environment)).finally(ended.clear);
    if (answer === undefined)
      return run.output.done({ schedule: null }, () => ["The server no longer makes scheduled backups."]);
    const { database, key, problems, ...report } = answer;
    await run.output.done(
      { ...report, database, key, problems },
      () => [
        `${count(report.packs, "pack")}${database ? " and the database" : ""} backed up as of ${timeFor(run.output, report.consistent_at)}: ` +
          `${formatBytes(report.bytes)}, of which ${formatBytes(report.added_bytes)} are new`,
        ...report.removed.map((id) => `removed: ${id}`),
      ],
      () => problemLines(problems),
    );
    if (everyMs !== undefined) run.output.note(`The server now makes a backup every ${asText(schedule)}.`);
    if (!database) run.output.note(databaseNote);
    if (report.same_disk)
      run.output.note(`${place} is on the same disk as the server: keep another backup on a different disk.`);
    if (key !== null) run.output.note(keyNote(key));
    if (problems.length > 0) context.exitCode = 1;
  });
}

function unfinished(place: string): string {
  return `interrupted; this backup in ${place} is unfinished and cannot be restored. Earlier backups are not affected. Run the same command again: it continues with what has been copied.`;
}

function unpruned(place: string, id: string): string {
  return `interrupted; backup ${id} in ${place} is complete, but older backups may not be removed yet. Run the same command again.`;
}

const dataHelp = "data folder of the server; default is HOLDFAST_DATA or that of the server that you are signed in to";

const databaseNote =
  'The database is not in it: back it up with its own tools, each time before this. See docs/operation.md, "Backups".';

function keyNote(key: string): string {
  return `Keep a copy of ${key} in another place. The backup cannot be read without it and does not contain it.`;
}

export function restoreBackupCommand(context: Context) {
  const command = newCommand("restore-backup", "Restore a backup into a new data folder", [
    "admin restore-backup /mnt/backups --data /srv/restored",
    "admin restore-backup /mnt/backups --data /srv/restored --at 2027-01-31T09:00:00Z --key ./key-encryption-key",
  ])
    .argument("<place>", "folder or s3://... that was given to 'holdfast admin backup'")
    .requiredOption("--data <folder>", "new data folder")
    .option("--at <time>", `restore the state of an earlier time: ${momentText}; default is the newest`)
    .option("--key <file>", "key-encryption key of the server that was backed up, if it is not found automatically")
    .option("--accept-damage", "restore the intact part of a damaged backup");
  return runs<[string]>(context, command, async (run, place, { data, at, key, acceptDamage }) => {
    const [{ runRestoreBackup }, { clearedOnSignals }] = await Promise.all([
      import("@holdfast/server/care/backup/run-restore"),
      import("../invocation/interruption.ts"),
    ]);
    const request = {
      place,
      dataFolder: String(data),
      at: at === undefined ? undefined : parseMoment(String(at))(Date.now()),
      keyFile: asText(key),
      acceptsDamage: acceptDamage === true,
      progress: await stepLine(run, "restore-backup", "opening the backup"),
    };
    const clear = (): void => request.progress.stop();
    const message = `interrupted; ${request.dataFolder} is not restored, and no server starts on it. Run the same command again. The backup is unchanged.`;
    const report = await clearedOnSignals(run, { clear, message }, () =>
      runRestoreBackup(request, context.environment),
    ).finally(clear);
    await run.output.done(
      report,
      () => [
        `${String(data)} has the state of the server at ${timeFor(run.output, report.consistent_at)}: ` +
          `${count(report.packs, "pack")} with ${formatBytes(report.bytes)}`,
        ...(report.shredded === 0 ? [] : [shreddedAgain(report.shredded)]),
      ],
      () => problemLines(report.problems),
    );
    run.output.note(
      `Next: holdfast serve --data ${shellWord(String(data))} (the old server must not run on the same port). Devices upload files again that are missing from the backup.`,
    );
    if (report.problems.length > 0) context.exitCode = 1;
  });
}

function problemLines(problems: readonly string[]): string[] {
  return problems.map((problem) => `problem: ${problem}`);
}

function shreddedAgain(accounts: number): string {
  return `${count(accounts, "account")} ${accounts === 1 ? "was" : "were"} shredded after this backup: the restored data is removed again when the server starts`;
}

export function drillCommand(context: Context) {
  const command = newCommand("drill", "Test the newest backup: restore it into a temporary folder and verify it", [
    "admin drill",
    "admin drill /mnt/backups --sample 100",
  ])
    .argument(
      "[place]",
      "folder or s3://... that was given to 'holdfast admin backup'; default is that of the last backup",
    )
    .option("--data <folder>", dataHelp)
    .option("--key <file>", "key-encryption key, if it is not in the data folder")
    .option("--sample <count>", "restore only this many packs, chosen at random, and the database")
    .option(
      "--scratch <folder>",
      "folder with enough space for the restored data; default is the system's temporary folder",
    );
  return runs<[string | undefined]>(context, command, async (run, place, { data, key, sample, scratch }) => {
    const [{ runDrill }, { clearedOnSignals }] = await Promise.all([
      import("@holdfast/server/care/backup/run-drill"),
      import("../invocation/interruption.ts"),
    ]);
    const environment = await environmentFor(run, data);
    const request = {
      place,
      dataFolder: asText(data),
      keyFile: asText(key),
      scratch: asText(scratch),
      sample: parseCount(sample, "--sample"),
      progress: await stepLine(run, "drill", "opening the backup"),
    };
    const scratches: { readonly path: string; removeNow(): boolean }[] = [];
    const ended = {
      message: "interrupted; the backup was not tested.",
      clear: () => {
        request.progress.stop();
        const left = scratches.filter((made) => !made.removeNow()).map(({ path }) => shellWord(path));
        if (left.length > 0) ended.message += ` Remove what is left of the test: rm -r ${left.join(" ")}`;
      },
    };
    const noteScratch = (made: (typeof scratches)[number]): void => void scratches.push(made);
    const report = await clearedOnSignals(run, ended, () => runDrill({ ...request, noteScratch }, environment)).finally(
      () => request.progress.stop(),
    );
    await run.output.done(
      report,
      () => [
        `the backup of ${timeFor(run.output, report.consistent_at)} was restored in ${report.recovery_seconds} s: ` +
          `${count(report.files, "file")} with ${formatBytes(report.bytes)}; ${count(report.packs, "pack")} reread`,
        `changes of the last ${report.recovery_point_seconds} s would be lost`,
      ],
      () => problemLines(report.problems),
    );
    if (report.problems.length > 0) context.exitCode = 1;
  });
}

/** @param first shown immediately, because opening the data takes seconds without a running server */
async function stepLine(run: Run, label: string, first: string) {
  const { StepLine } = await import("../output/step-line.ts");
  const line = new StepLine(run, label);
  line.begin(first);
  return line;
}

/**
 * Returns the settings for work on the data folder, as `serve` finds them. Without --data or variables, the settings of
 * the signed-in server are used if it runs on this machine.
 */
async function environmentFor(run: Run, data: unknown): Promise<Context["environment"]> {
  const { environment } = run.context;
  const isSaid =
    data !== undefined || ["HOLDFAST_DATA", "HOLDFAST_CONFIG"].some((name) => environment[name] !== undefined);
  return isSaid ? environment : { ...(await settingsOfServer(run)), ...environment };
}

/**
 * Returns data folder and stores of the server. Empty if it runs on another machine, nobody is signed in, or it does
 * not respond.
 */
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
      "Only administrators can see where the server's data is, and you are not signed in as one. Sign in as an administrator, or run this with --data FOLDER on the server's machine, as the user that the server runs as.",
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
  throw usage(`--schedule takes an interval of at least one minute, such as 1d, 12h or 30m, or off; not ${text}.`);
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
