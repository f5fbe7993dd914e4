import { HoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import type { Context } from "../output/context.ts";
import { Listing, timeFor } from "../output/listing.ts";
import { formatBytes } from "../output/text.ts";
import { adminCall } from "./admin-call.ts";
import { renewedLines } from "./admin-shards.ts";
import { newCommand, newGroup, runs } from "./command.ts";

export function regionCommand(context: Context) {
  return newGroup(
    "region",
    "Database servers of several regions, on a machine with the server's settings",
    ["admin region", "admin region promote west --dry-run", "admin region promote west"],
    [status(context), promote(context)],
    status(context),
  );
}

const columns = [
  { title: "DATABASE" },
  { title: "REGION" },
  { title: "SERVER" },
  { title: "STATE" },
  { title: "LAST CHANGE" },
] as const;

function status(context: Context) {
  const command = newRegionCommand(
    "status",
    "List the database servers by region, and how far standbys are behind; exit code 1 if a server does not answer, a standby receives nothing or is more than five minutes behind, or there is not exactly one primary",
    ["admin region", "admin region status --json"],
  );
  return runs<[]>(context, command, async (run, { data }) => {
    const { readRegions } = await import("@holdfast/server/care/regions/run-region");
    const report = await readRegions(textOf(data), context.environment);
    const rows = report.databases.flatMap(({ name, servers }) =>
      servers.map((server) => [
        name,
        server.region ?? "-",
        server.server,
        stateText(server),
        timeFor(run.output, server.last_change_at),
      ]),
    );
    await run.output.result(report, () => new Listing(run.output, columns, "There are no databases.").lines(rows));
    const isFaulty = report.databases.some(
      ({ servers }) => servers.filter(({ state }) => state === "primary").length !== 1 || servers.some(isFaultyServer),
    );
    if (isFaulty) context.exitCode = 1;
  });
}

const promotedByHand =
  "If you have promoted a database yourself, run 'holdfast admin shards renew-epochs' for its shards and 'holdfast admin rebuild-index' for its cells.";

/** Goal of the recovery point. */
const behindMsMax = 5 * 60_000;

/** A standby with nothing to replay has an old change, too. */
function isFaultyServer({ state, receives, problem, behind_bytes: behind, last_change_at: at }: ServerLine): boolean {
  const isLate = behind !== 0 && at !== null && Date.now() - Date.parse(at) > behindMsMax;
  return state === "old_primary" || problem !== null || (state === "standby" && (receives !== true || isLate));
}

interface PromotedLine {
  readonly database: string;
  readonly server: string;
  readonly last_change_at: string | null;
}

interface ServerLine {
  readonly state: "primary" | "old_primary" | "standby" | "unreachable";
  readonly behind_bytes: number | null;
  readonly last_change_at: string | null;
  readonly receives: boolean | null;
  readonly problem: string | null;
}

const receivingWords: ReadonlyMap<boolean | null, string> = new Map([
  [false, ", receives nothing"],
  [null, ", replication unknown (grant pg_monitor)"],
]);

function stateText({ state, behind_bytes: behind, receives, problem }: ServerLine): string {
  if (state === "unreachable") return `unreachable: ${printable(problem ?? "")}`;
  if (state === "primary") return state;
  if (state === "old_primary") return "old primary: not used";
  const lag = behind === 0 ? "up to date" : `${formatBytes(behind ?? 0)} behind`;
  const faults = [receivingWords.get(receives) ?? "", problem === null ? "" : `, ${problem}`];
  return `${state}${behind === null ? "" : `, ${lag}`}${faults.join("")}`;
}

function promote(context: Context) {
  const command = newRegionCommand(
    "promote",
    "Make a standby of each database in a region its primary, after the region of the primaries was lost or stopped; then renew the epochs of all spaces",
    ["admin region promote west --dry-run", "admin region promote west"],
  )
    .argument("<region>", "ID in the regions of HOLDFAST_TOPOLOGY")
    .option("--dry-run", "check the servers and list what would be promoted")
    .option("--force", "promote although servers of the other regions may still run, which loses their later changes");
  return runs<[string]>(context, command, async (run, region, { data, dryRun, force }) => {
    const { promoteRegion } = await import("@holdfast/server/care/regions/run-region");
    const isDry = dryRun === true;
    const request = { region, dataFolder: textOf(data), isForced: force === true, isDry };
    const shown = ({ database, server, last_change_at: at }: PromotedLine) =>
      `${server} (${database}, last change ${at === null ? "unknown" : timeFor(run.output, at)})`;
    const onPromoted = (promoted: PromotedLine) => run.output.note(`promoted ${shown(promoted)}`);
    const { dataFolder, ...report } = await promoteRegion({ ...request, onPromoted }, context.environment);
    const already = report.already.map((database) => `${database}: the primary is already in ${region}`);
    if (isDry) {
      return run.output.done(report, () => [
        ...already,
        ...report.promoted.map((promoted) => `would promote ${shown(promoted)}`),
      ]);
    }
    if (report.lost.length + report.promoted.length === 0) {
      await run.output.done(report, () => already);
      return run.output.note(promotedByHand);
    }
    const body = { names: [...report.lost], dry_run: false };
    const renewing = report.lost.length === 0 ? undefined : adminCall(run, dataFolder, "adminRenewEpochs", { body });
    const renewed = await renewing?.catch((error: unknown) => {
      const message = `The databases are promoted, but not all spaces have new epochs: ${(error as Error).message} Repeat the command.`;
      throw new HoldfastError("failed", message, { cause: error });
    });
    await run.output.done({ ...report, ...renewed }, () => [
      ...already,
      ...(renewed === undefined ? [] : renewedLines(renewed, false)),
    ]);
    run.output.note("A worker rebuilds the block index; 'holdfast admin rebuild-index' waits for it.");
  });
}

function newRegionCommand(name: string, summary: string, examples: readonly string[]) {
  return newCommand(name, summary, examples).option(
    "--data <folder>",
    "data folder of the server; default is HOLDFAST_DATA or the platform's",
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
