/**
 * `npm run bench`: measures 8 rows of docs/performance.md on this machine, with a calibration and the installed peers.
 * - `--quick`: smaller data, ends within a minute
 * - `--only NAME,…`: some rows (`kept`, `sync`, `share` and `web`: all that start with that)
 * - `--by NAME,…`: some programs only
 * - `--million`: one client keeps a million files and a second one fetches them (alone with `--only sync-idle --by
 *   holdfast`: 8 GB of disk, and about an hour)
 * - `--keep`: keeps data and client logs
 *
 * HOLDFAST_BENCH_PROFILE=DIR profiles the sync clients and the servers of `share`. HOLDFAST_BENCH_STATEMENTS=1 lists
 * the statements of the latter.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { launcher, makeFolder, removeFolder, spawnServer } from "@holdfast/server/acceptance/testing";
import { calibrate } from "./calibrate.ts";
import { type FileTree, type LargeFile, makeFiles, makeLargeFile } from "./data.ts";
import { describeMachine } from "./machine.ts";
import { measureHeldPolls } from "./held-polls.ts";
import { keptRowNames, measureKept } from "./kept/measure-kept.ts";
import { measureMixedTraffic } from "./mixed-traffic.ts";
import { measurePeers } from "./peers.ts";
import { type Row, printTable } from "./report.ts";
import { measureRest, measureStart } from "./rest.ts";
import { measureSharing, sharingRowNames } from "./sharing/measure-sharing.ts";
import { measureSignIns } from "./sign-ins.ts";
import { measureSync, syncRowNames } from "./sync/measure-sync.ts";
import { measureTransfers } from "./transfers.ts";
import { measureWeb, webRowNames } from "./web/measure-web.ts";

const rowNames = [
  "start",
  "large",
  "small",
  "mixed",
  "sign-in",
  "rest",
  "polls",
  ...keptRowNames,
  ...sharingRowNames,
  ...syncRowNames,
  ...webRowNames,
] as const;
type RowName = (typeof rowNames)[number];

const fullScale = {
  largeMib: 1024,
  files: 10_000,
  mixedSeconds: 20,
  signInsEach: 25,
  restMs: 45_000,
  polls: 15_000 as number | undefined,
  peers: ["rsync", "rclone", "syncthing"],
  kept: { files: 100_000 },
  sharing: { people: 1000, listedFiles: 100_000, rewoundNodes: 100_000, deviceEdits: 40 },
  sync: {
    newFiles: 40,
    files: 10_000,
    copied: 1000,
    largeMib: 1024,
    manyFiles: 100_000,
    manyTwice: false,
    idleSeconds: 30,
  },
  web: {
    listRounds: 5,
    folderRows: 100_000,
    actRounds: 10,
    taskFiles: 1000,
    smallFiles: 10_000,
    largeMib: 1024,
    rounds: 3,
    navigations: 1000,
  },
};
const quickScale: typeof fullScale = {
  largeMib: 64,
  files: 500,
  mixedSeconds: 3,
  signInsEach: 5,
  restMs: 25_000,
  polls: undefined,
  peers: ["rsync"],
  kept: { files: 1000 },
  sharing: { people: 50, listedFiles: 2000, rewoundNodes: 2000, deviceEdits: 10 },
  sync: { newFiles: 10, files: 500, copied: 100, largeMib: 64, manyFiles: 5000, manyTwice: true, idleSeconds: 5 },
  web: {
    listRounds: 1,
    folderRows: 5000,
    actRounds: 2,
    taskFiles: 200,
    smallFiles: 500,
    largeMib: 64,
    rounds: 1,
    navigations: 40,
  },
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean" },
      only: { type: "string" },
      by: { type: "string" },
      million: { type: "boolean" },
      json: { type: "string" },
      keep: { type: "boolean" },
    },
  });
  const wants = wish(values.only);
  const scale = values.quick === true ? quickScale : fullScale;
  const many = values.million === true ? { manyFiles: 1_000_000, manyTwice: true } : {};
  const by = new Set(values.by?.split(",") ?? ["holdfast", ...scale.peers]);
  const folder = makeFolder("bench");
  const rows: Row[] = [];
  try {
    if (wants("start")) rows.push(...(await measureStart(`${folder}/start`)));
    const large = wants("large") ? makeLargeFile(`${folder}/large`, scale.largeMib) : undefined;
    const small = wants("small") ? makeFiles(`${folder}/small`, scale.files) : undefined;
    if (large !== undefined) rows.push(...calibrate(large));
    if (large !== undefined || small !== undefined || wants("mixed") || wants("sign-in") || wants("rest"))
      rows.push(...(await measureServer({ folder, large, small }, wants, scale)));
    if (wants("polls") && scale.polls !== undefined)
      rows.push(...(await measureHeldPolls(`${folder}/polls`, scale.polls)));
    rows.push(...(await measurePeers({ folder, large, small }, [...by])));
    if (keptRowNames.some(wants))
      rows.push(...(await measureKept({ folder: `${folder}/kept`, wants, scale: scale.kept })));
    if (sharingRowNames.some(wants))
      rows.push(...(await measureSharing({ folder: `${folder}/sharing`, wants, scale: scale.sharing })));
    if (syncRowNames.some(wants))
      rows.push(...(await measureSync({ folder: `${folder}/sync`, wants, scale: { ...scale.sync, ...many }, by })));
    if (webRowNames.some(wants)) rows.push(...(await measureWeb({ folder: `${folder}/web`, wants, scale: scale.web })));
    const machine = describeMachine(folder);
    printTable(machine, rows);
    const file =
      values.json ?? fileURLToPath(new URL(`../results/${machine.at.replaceAll(":", "-")}.json`, import.meta.url));
    mkdirSync(fileURLToPath(new URL("../results", import.meta.url)), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ machine, scale, rows }, undefined, 2)}\n`);
    process.stdout.write(`\nwritten to ${file}\n`);
    if (rows.some(({ unit, value }) => unit === "errors" && value > 0)) process.exitCode = 1;
  } finally {
    if (values.keep === true) process.stdout.write(`data kept in ${folder}\n`);
    else removeFolder(folder);
  }
}

function wish(only: string | undefined): (name: RowName) => boolean {
  const wanted = only?.split(",") ?? rowNames;
  const unknown = wanted.filter((name) => !isFamily(name) && !(rowNames as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`No rows are named ${unknown.join(", ")}; there are ${rowNames.join(", ")}.`);
  return (name) => wanted.some((one) => one === name || (isFamily(one) && name.startsWith(`${one}-`)));
}

function isFamily(name: string): boolean {
  return ["kept", "sync", "share", "web"].includes(name);
}

interface ServerData {
  readonly folder: string;
  readonly large: LargeFile | undefined;
  readonly small: FileTree | undefined;
}

async function measureServer(
  { folder, large, small }: ServerData,
  wants: (name: RowName) => boolean,
  scale: Pick<typeof fullScale, "mixedSeconds" | "signInsEach" | "restMs">,
): Promise<Row[]> {
  const server = await spawnServer({ dataFolder: `${folder}/data` });
  try {
    const rows = await measureTransfers({ server, folder, large, small, launcher });
    if (wants("mixed")) rows.push(...(await measureMixedTraffic(server, scale.mixedSeconds)));
    if (wants("sign-in")) rows.push(...(await measureSignIns(server, scale.signInsEach)));
    if (wants("rest")) rows.push(...(await measureRest(server, scale.restMs)));
    return rows;
  } finally {
    await server.stop();
  }
}

// Child processes end with this process in any case.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
await main();
// Also ends leftovers of a failed row.
process.exit();
