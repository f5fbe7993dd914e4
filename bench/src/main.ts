/**
 * `npm run bench`: measures the rows of docs/performance.md on this machine, with a calibration and the installed peers.
 * - `--quick`: smaller data, ends within a minute
 * - `--only NAME,…`: some rows (`kept`, `sync`, `share` and `web`: all that start with that)
 * - `--by NAME,…`: some programs only
 * - `--against COMMIT`: compares this folder's code with that of a commit, row by row in pairs (old, new, new, old, …),
 *   and prints ratios of CPU time. The exit code is 1 if a CPU time is clearly above 1.05 times the old one: the median
 *   of the pairs is, and no pair is below 1. Such a row is measured with twice as many pairs before.
 * - `--pairs N`: number of pairs, 3 by default
 * - `--million`: one client keeps a million files and a second one fetches them (alone with `--only sync-idle --by
 *   holdfast`: 8 GB of disk, and about an hour)
 * - `--json FILE`: target of the results
 * - `--keep`: keeps data and client logs
 *
 * HOLDFAST_BENCH_PROFILE=DIR profiles the sync clients and the servers of `share`. HOLDFAST_BENCH_STATEMENTS=1 lists
 * the statements of the latter.
 */
import { launcher, makeFolder, removeFolder, spawnServer } from "@holdfast/server/acceptance/testing";
import { runAgainst } from "./against/run-against.ts";
import { calibrate } from "./calibrate.ts";
import { type FileTree, type LargeFile, makeFiles, makeLargeFile } from "./data.ts";
import { describeMachine } from "./machine.ts";
import { measureHeldPolls } from "./held-polls.ts";
import { measureKept } from "./kept/measure-kept.ts";
import { measureMixedTraffic } from "./mixed-traffic.ts";
import { type Options, parseOptions } from "./options.ts";
import { measurePeers } from "./peers.ts";
import { endChildren } from "./processes.ts";
import { printTable, type Row } from "./report.ts";
import { measureRest, measureStart } from "./rest.ts";
import { writeResults } from "./results.ts";
import { keptRowNames, serverRowNames, sharingRowNames, syncRowNames, webRowNames } from "./row-names.ts";
import { measureSharing } from "./sharing/measure-sharing.ts";
import { measureSignIns } from "./sign-ins.ts";
import { measureSurge } from "./surge.ts";
import { measureSync } from "./sync/measure-sync.ts";
import { measureTransfers } from "./transfers.ts";
import { measureWeb } from "./web/measure-web.ts";

async function main(options: Options): Promise<void> {
  const { against, keep } = options;
  const folder = makeFolder("bench");
  const interruption = new AbortController();
  const { signal } = interruption;
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error));
  });
  for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => interruption.abort(new Error(`ended by ${name}`)));
  try {
    const work = against === undefined ? measureAll(options, folder) : runAgainst(options, against, { folder, signal });
    await Promise.race([work, interrupted]);
  } finally {
    await endChildren();
    if (keep) process.stdout.write(`data kept in ${folder}\n`);
    else removeFolder(folder);
  }
}

async function measureAll(options: Options, folder: string): Promise<void> {
  const { wants, scale, by, json } = options;
  const rows: Row[] = [];
  if (wants("start")) rows.push(...(await measureStart({ dataFolder: `${folder}/start`, launcher, laterStarts: 1 })));
  const large = wants("large") ? makeLargeFile(`${folder}/large`, scale.largeMib) : undefined;
  const small = wants("small") ? makeFiles(`${folder}/small`, scale.files) : undefined;
  if (large !== undefined) rows.push(...calibrate(large));
  if (large !== undefined || small !== undefined || serverRowNames.some(wants))
    rows.push(...(await measureServer({ folder, large, small }, options)));
  if (wants("polls") && scale.polls !== undefined)
    rows.push(...(await measureHeldPolls(`${folder}/polls`, scale.polls)));
  rows.push(...(await measurePeers({ folder, large, small }, [...by])));
  if (keptRowNames.some(wants))
    rows.push(...(await measureKept({ folder: `${folder}/kept`, wants, scale: scale.kept })));
  if (sharingRowNames.some(wants))
    rows.push(...(await measureSharing({ folder: `${folder}/sharing`, wants, scale: scale.sharing })));
  if (syncRowNames.some(wants))
    rows.push(...(await measureSync({ folder: `${folder}/sync`, wants, scale: scale.sync, by })));
  if (webRowNames.some(wants)) rows.push(...(await measureWeb({ folder: `${folder}/web`, wants, scale: scale.web })));
  const machine = describeMachine(folder);
  printTable(machine, rows);
  writeResults(json, machine, { scale, rows });
  if (rows.some(({ unit, value }) => unit === "errors" && value > 0)) process.exitCode = 1;
}

interface ServerData {
  readonly folder: string;
  readonly large: LargeFile | undefined;
  readonly small: FileTree | undefined;
}

async function measureServer({ folder, large, small }: ServerData, { wants, scale }: Options): Promise<Row[]> {
  const server = await spawnServer({ dataFolder: `${folder}/data`, launcher });
  try {
    const rows = await measureTransfers({ server, folder, large, small, launcher });
    if (wants("mixed")) rows.push(...(await measureMixedTraffic(server, { seconds: scale.mixedSeconds })));
    if (wants("surge")) rows.push(...(await measureSurge(server, scale.surgeSeconds)));
    if (wants("sign-in")) rows.push(...(await measureSignIns(server, scale.signInsEach)));
    if (wants("rest")) rows.push(...(await measureRest(server, scale.restMs)));
    return rows;
  } finally {
    await server.stop();
  }
}

try {
  await main(parseOptions(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
// Also ends leftovers of a failed row.
process.exit();
