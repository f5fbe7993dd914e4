import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { seededRandom } from "@holdfast/disk/seeded-random";
import { seed } from "@holdfast/tools/properties";
import { Home } from "./home.ts";
import { Ledger } from "./ledger.ts";
import { diskTree, differences } from "./tree.ts";
import { makeTrouble } from "./trouble.ts";
import { Worker } from "./worker.ts";

/** HOLDFAST_ALONE_DEEDS=5000 runs the long form. */
const deeds = Number(process.env["HOLDFAST_ALONE_DEEDS"] ?? 120);
const replay = `HOLDFAST_SEED=${seed} HOLDFAST_ALONE_DEEDS=${deeds} npm run test:long -- alone`;

test(`one user's edits never conflict and all arrive despite random kills (${replay})`, async () => {
  const [draw, drawTrouble] = [seededRandom(seed), seededRandom(seed + 1)];
  const home = await Home.open("alone");
  try {
    const [anna] = await home.startDevices("anna", "bert");
    // A client starts without its server only after it has reached the server once.
    await home.rest();
    const worker = new Worker({
      device: "anna",
      root: anna!.folder,
      graveyard: `${home.folder}/graves`,
      ledger: new Ledger(),
      draw,
      log: () => undefined,
    });
    const time = { isOver: false };
    const work = (async () => {
      for (let deed = 0; deed < deeds; deed += 1) {
        await worker.act();
        await delay(draw() * 100);
      }
    })().finally(() => (time.isOver = true));
    const trouble = (async () => {
      while (!time.isOver) {
        await delay(drawTrouble() * 3000);
        await makeTrouble(home, drawTrouble);
      }
    })();
    await Promise.all([work, trouble]);
    const left = diskTree(anna!.folder)!;
    const tree = await home.rest(240_000);
    assert.deepEqual(differences("what was left", left, "what is there", tree), []);
    assert.deepEqual(
      [...tree.keys()].filter((path) => /conflict/i.test(path)),
      [],
    );
  } finally {
    await home.close();
  }
});
