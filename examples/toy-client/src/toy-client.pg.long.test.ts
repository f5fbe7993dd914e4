import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { PassThrough } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { Home } from "holdfast/acceptance/home";
import { Ledger } from "holdfast/acceptance/ledger";
import { differences, diskTree, type Tree } from "holdfast/acceptance/tree";
import { runIn } from "holdfast/run";
import { seededRandom } from "@holdfast/disk/seeded-random";
import { seed } from "@holdfast/tools/properties";
import { Api } from "./api.ts";
import { syncOnce } from "./sync-once.ts";
import { Person } from "./testing-person.ts";
import { Contents } from "./testing-contents.ts";

/** Rounds between two checks of versions and trash, which download every content. */
const heardEvery = 10;
/** HOLDFAST_TOY_ROUNDS and HOLDFAST_SEED change the run. */
const rounds = Number(process.env["HOLDFAST_TOY_ROUNDS"] ?? 200);
/** Maximum turns per round: ours, then the toy. One may have to react to the other's conflict copies. */
const turnsMax = 8;
/** Interval of the rounds that start the clients as separate processes. All other rounds save that time. */
const ownProcessEvery = 50;

test(`a second client, written from docs/sync.md, and our own keep two folders equal without loss (seed ${seed})`, async () => {
  // The device brake would stop a device after this number of changes within an hour.
  const home = await Home.open("toy", { env: { HOLDFAST_DEVICE_BRAKE: "off" } });
  try {
    const ours = await home.addDevice("ours");
    const [token, draw, ledger] = [home.api.token!, seededRandom(seed), new Ledger()];
    const toyFolder = `${home.folder}/toy`;
    mkdirSync(toyFolder);
    const trace: string[] = [];
    const people = [
      new Person({ name: "ours", root: ours.folder, ledger, draw, log: (what) => trace.push(what) }),
      new Person({ name: "toy", root: toyFolder, ledger, draw, log: (what) => trace.push(what) }),
    ];
    const contents = new Contents(new Api(home.server.url, token), [ours.folder, toyFolder]);
    const fixed = ["sync", ours.folder, "--once", "--brake", "off", "--device-name", "ours"];
    const environment = { HOLDFAST_CONFIG_DIR: ours.configFolder, HOME: ours.configFolder };
    const syncOurs = async (inOwnProcess: boolean): Promise<void> => {
      if (inOwnProcess) {
        const { code, stderr } = await ours.run(fixed);
        return assert.equal(code, 0, stderr);
      }
      const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
      const problems = textOf(stderr);
      const code = await runIn({ environment, stdin, stdout, stderr, exitCode: 0 }, fixed);
      stderr.end();
      assert.equal(code, 0, await problems);
    };
    const syncToy = async (inOwnProcess: boolean): Promise<number> => {
      if (inOwnProcess) return syncInProcess(home.server.url, toyFolder, token);
      const { changes, problems } = await syncOnce({
        server: home.server.url,
        token,
        folder: toyFolder,
        device: "toy",
      });
      assert.deepEqual(problems, []);
      return changes;
    };
    await syncOurs(true);
    await contents.hear();
    for (let round = 1; round <= rounds; round += 1) {
      trace.length = 0;
      const isOwn = round % ownProcessEvery === 0;
      for (const person of people) person.work();
      const begins = draw() < 0.5;
      if (begins) await syncToy(isOwn);
      // Users also work after the first client has synced and before the second one does.
      if (draw() < 0.3) for (const person of people) person.work();
      let turns = 0;
      for (let changes = 1; changes > 0; turns += 1) {
        assert.ok(turns < turnsMax, `round ${round}: no rest\n${trace.join("\n")}`);
        await syncOurs(isOwn);
        changes = await syncToy(isOwn);
      }
      const [one, other] = [diskTree(ours.folder)!, diskTree(toyFolder)!];
      const story = (): string => `round ${round}\n${trace.join("\n")}`;
      assert.deepEqual(differences("ours", one, "toy", other), [], story());
      seen(ledger, one);
      const live = new Set(hashesOf(one));
      assert.deepEqual(
        ledger
          .mustLive()
          .filter((hash) => !live.has(hash))
          .map((hash) => ledger.describe(hash)),
        [],
        story(),
      );
      if (round % heardEvery > 0 && round < rounds) continue;
      await contents.hear();
      const lost = ledger.mustExist().filter((hash) => !live.has(hash) && !contents.has(hash));
      assert.deepEqual(
        lost.map((hash) => ledger.describe(hash)),
        [],
        story(),
      );
    }
    assert.deepEqual(differences("ours", diskTree(ours.folder)!, "the server", await home.serverTree()), []);
    assert.ok(ledger.size > rounds, `only ${ledger.size} contents were written`);
  } finally {
    await home.close();
  }
});

async function syncInProcess(server: string, folder: string, token: string): Promise<number> {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const child = spawn(process.execPath, [main, server, folder], {
    env: { ...process.env, HOLDFAST_TOKEN: token, TOY_DEVICE: "toy" },
  });
  const [said, problems]: [string[], string[]] = [[], []];
  child.stdout.on("data", (text) => said.push(String(text)));
  child.stderr.on("data", (text) => problems.push(String(text)));
  const [code] = await once(child, "close");
  assert.equal(code, 0, problems.join(""));
  return Number(/^(\d+) changes/.exec(said.join(""))?.[1]);
}

function seen(ledger: Ledger, tree: Tree): void {
  for (const hash of hashesOf(tree)) for (const device of ["ours", "toy"]) ledger.see(hash, device);
}

function hashesOf(tree: Tree): string[] {
  return [...tree.values()].flatMap((what) => /^file ([0-9a-f]{64})/.exec(what)?.[1] ?? []);
}
