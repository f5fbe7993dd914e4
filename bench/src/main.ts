/**
 * `npm run bench`: what 8 rows of docs/performance.md say, measured now on this machine beside a calibration and the peers that
 * are installed. `--quick` takes smaller data and ends within a minute; `--only NAME,…` measures some rows.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { launcher, makeFolder, removeFolder, startServer } from "@holdfast/server/acceptance/testing";
import { calibrate } from "./calibrate.ts";
import { makeFiles, makeLargeFile } from "./data.ts";
import { describeMachine } from "./machine.ts";
import { measureHeldPolls } from "./held-polls.ts";
import { measureMixedTraffic } from "./mixed-traffic.ts";
import { measurePeers } from "./peers.ts";
import { type Row, printTable } from "./report.ts";
import { measureRest, measureStart } from "./rest.ts";
import { measureTransfers } from "./transfers.ts";

const rowNames = ["start", "large", "small", "mixed", "rest", "polls"] as const;
type RowName = (typeof rowNames)[number];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: "boolean" }, only: { type: "string" }, json: { type: "string" } },
  });
  const wanted = new Set<string>(values.only?.split(",") ?? rowNames);
  const wants = (name: RowName) => wanted.has(name);
  const scale =
    values.quick === true
      ? { largeMib: 64, files: 500, mixedSeconds: 3, restMs: 25_000, polls: undefined, peers: ["rsync"] }
      : { largeMib: 1024, files: 10_000, mixedSeconds: 20, restMs: 45_000, polls: 15_000, peers: ["rsync", "rclone"] };
  const folder = makeFolder("bench");
  const rows: Row[] = [];
  try {
    if (wants("start")) rows.push(...(await measureStart(`${folder}/start`)));
    const large = wants("large") ? makeLargeFile(`${folder}/large`, scale.largeMib) : undefined;
    const small = wants("small") ? makeFiles(`${folder}/small`, scale.files) : undefined;
    if (large !== undefined) rows.push(...calibrate(large));
    const server = await startServer({
      dataFolder: `${folder}/data`,
      env: { HOLDFAST_RATE_LIMIT_USER: "0", HOLDFAST_RATE_LIMIT_ADDRESS: "0" },
    });
    try {
      rows.push(...(await measureTransfers({ server, folder, large, small, launcher })));
      if (wants("mixed")) rows.push(...(await measureMixedTraffic(server, scale.mixedSeconds)));
      if (wants("rest")) rows.push(...(await measureRest(server, scale.restMs)));
    } finally {
      await server.stop();
    }
    if (wants("polls") && scale.polls !== undefined)
      rows.push(...(await measureHeldPolls(`${folder}/polls`, scale.polls)));
    rows.push(...(await measurePeers({ folder, large, small }, scale.peers)));
    const machine = describeMachine(folder);
    printTable(machine, rows);
    const file =
      values.json ?? fileURLToPath(new URL(`../results/${machine.at.replaceAll(":", "-")}.json`, import.meta.url));
    mkdirSync(fileURLToPath(new URL("../results", import.meta.url)), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ machine, scale, rows }, undefined, 2)}\n`);
    process.stdout.write(`\nwritten to ${file}\n`);
  } finally {
    removeFolder(folder);
  }
}

await main();
