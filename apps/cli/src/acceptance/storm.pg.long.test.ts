import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { seededRandom } from "@holdfast/disk/seeded-random";
import { seed } from "@holdfast/tools/properties";
import { Home } from "./home.ts";
import { KeptContents, liveHashes } from "./kept.ts";
import { Ledger } from "./ledger.ts";
import { diskTree } from "./tree.ts";
import { makeTrouble } from "./trouble.ts";
import { Worker } from "./worker.ts";

/**
 * Invariants 1 to 3 with real components: three devices under random work, while they, the server and the database are
 * killed and the network is cut. At the end of each round all folders equal the server's, and no required content is
 * missing. HOLDFAST_STORM_ROUNDS=200 runs the long form. HOLDFAST_SEED (printed) determines the actions, but their
 * times depend on the machine.
 */
const rounds = Number(process.env["HOLDFAST_STORM_ROUNDS"] ?? 1);
const deedsPerRound = Number(process.env["HOLDFAST_STORM_DEEDS"] ?? 30);
const replay = `HOLDFAST_SEED=${seed} HOLDFAST_STORM_ROUNDS=${rounds} npm run test:long -- storm`;
/** Includes backoff. */
const restTimeoutMs = 240_000;
/** Bytes written into a file while it was replaced are restored after 10 s. */
const returnTimeoutMs = 120_000;

test(`three devices stay equal and lose nothing in ${rounds} rounds of work and kill -9 (${replay})`, async (t) => {
  const draws = Array.from({ length: 5 }, (_, index) => seededRandom(seed + index));
  // The brake is off on the server, as on the devices, because people delete and rewrite without limits.
  const home = await Home.open("storm", { env: { HOLDFAST_DEVICE_BRAKE: "off" } });
  const story = `${home.folder}/story.log`;
  const log = (what: string): void => appendFileSync(story, `${new Date().toISOString()} ${what}\n`);
  let isWell = false;
  t.after(() => {
    if (!isWell) t.diagnostic(`what happened stands in ${home.folder}`);
    return home.close(!isWell);
  });
  const ledger = new Ledger();
  const kept = new KeptContents(home);
  const devices = await home.startDevices("anna", "bert", "cleo");
  const workers = devices.map(
    ({ name, folder }, index) =>
      new Worker({
        device: name,
        root: folder,
        graveyard: `${home.folder}/graves`,
        ledger,
        draw: draws[index]!,
        log: (what) => log(`${name} ${what}`),
      }),
  );
  await home.rest(restTimeoutMs);
  const [drawTrouble, drawPause] = [draws[3]!, draws[4]!];
  for (let round = 1; round <= rounds; round += 1) {
    log(`round ${round}`);
    const time = { isOver: false };
    const work = Promise.all(
      workers.map(async (worker) => {
        for (let deed = 0; deed < deedsPerRound; deed += 1) {
          await worker.act();
          await delay(drawPause() * 150);
        }
      }),
    ).finally(() => (time.isOver = true));
    const trouble = (async () => {
      while (!time.isOver) {
        await delay(drawTrouble() * 1500);
        log(await makeTrouble(home, drawTrouble));
      }
    })();
    await Promise.all([work, trouble]);
    for (const { cable } of devices) cable.mend();
    const tree = await home.rest(restTimeoutMs);
    const missing = await whatIsMissing(home, ledger, kept);
    assert.deepEqual(missing, [], `round ${round}`);
    log(`round ${round} is well`);
    t.diagnostic(`round ${round}: ${tree.size} nodes, ${ledger.size} contents written so far`);
    for (const { name } of devices) for (const hash of liveHashes(tree)) ledger.see(hash, name);
  }
  isWell = true;
});

/** Checks repeatedly, because content written at a bad moment is restored later. */
async function whatIsMissing(home: Home, ledger: Ledger, kept: KeptContents): Promise<string[]> {
  const deadline = performance.now() + returnTimeoutMs;
  for (;;) {
    const tree = await home.rest(restTimeoutMs);
    const live = liveHashes(tree);
    const here = await kept.hashes();
    const missing = [
      ...ledger.mustLive().flatMap((hash) => (live.has(hash) ? [] : `not live: ${ledger.describe(hash)}`)),
      ...ledger
        .mustExist()
        .flatMap((hash) => (live.has(hash) || here.has(hash) ? [] : `lost: ${ledger.describe(hash)}`)),
    ];
    if (missing.length === 0 || performance.now() > deadline) return missing;
    assert.ok(home.devices.every(({ folder }) => diskTree(folder) !== undefined));
    await delay(1000);
  }
}
