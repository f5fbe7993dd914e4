import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { seed } from "@holdfast/tools/properties";
import { listPackFiles } from "./pack-files.ts";
import {
  Api,
  eventually,
  makeFolder,
  queryDatabase,
  removeFolder,
  type ServerProcess,
  spawnServer,
} from "./testing.ts";
import {
  commitBatch,
  drawsOf,
  finishUploads,
  type Ledger,
  newLedger,
  pieceBytesMax,
  type Upload,
  uploadAtOnce,
  uploadInPieces,
  verifyFiles,
} from "./traffic.ts";

/**
 * Invariant: after `kill -9` at any moment, acknowledged changes are present and all others can be repeated.
 * Runs five rounds; HOLDFAST_KILL_ROUNDS=50 for the long form. HOLDFAST_SEED (printed) determines the moments, but their effect
 * depends on the machine.
 */
const rounds = Number(process.env["HOLDFAST_KILL_ROUNDS"] ?? 5);

describe("kill -9 at any moment", () => {
  let folder: string;
  let data: string;
  let server: ServerProcess;
  /** Path to SHA-256, from earlier rounds. */
  const older = new Map<string, string>();

  before(async () => {
    folder = makeFolder("kill");
    data = `${folder}/data`;
    server = await spawnServer({ dataFolder: data });
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  test(`loses no acknowledged data in ${rounds} rounds (HOLDFAST_SEED=${seed})`, async (t) => {
    const draw = drawsOf(seed);
    let cutUploads = 0;
    for (let round = 1; round <= rounds; round++) {
      const ledger = newLedger();
      const traffic = { api: await Api.signIn(server.url), ledger, draw, passes: () => false };
      const drawnMs = 20 + draw() * 1500;
      // On a slow machine all random moments may be too early, so the first round waits for its state.
      const killing = killAfter(server, round === 1 ? midWork(ledger) : delay(drawnMs));
      const works = [uploadAtOnce, uploadAtOnce, uploadInPieces, commitBatch];
      await Promise.all(works.map((work) => untilKilled(killing, () => work(traffic))));
      await killing.done;
      server = await spawnServer({ dataFolder: data, port: server.port });
      const again = await Api.signIn(server.url);
      const [known, cut] = [ledger.files.size, ledger.uploads.length];
      cutUploads += cut;
      await finishUploads(again, ledger);
      await verifyFiles(again, ledger.files);
      // Reading all in each round would take ever longer, so they are read at the end.
      await verifyFiles(again, sampleOf(older, 50, draw));
      await verifyRows(data);
      // The job starts seconds after the server, which is long compared to a round.
      if (round === rounds || round % 10 === 0) await orphansAdopted(data);
      for (const [path, hash] of ledger.files) older.set(path, hash);
      t.diagnostic(`round ${round}: ${known} files acknowledged, ${cut} uploads cut`);
    }
    assert.ok(older.size > cutUploads && cutUploads > 0, "too little was acknowledged or cut to have tested anything");
  });

  test("files of all rounds read back at the end", async () => {
    await verifyFiles(await Api.signIn(server.url), older);
  });
});

interface Killing {
  begun: boolean;
  readonly done: Promise<void>;
}

function killAfter(server: ServerProcess, moment: Promise<unknown>): Killing {
  const kill = async (): Promise<void> => {
    try {
      await moment;
    } finally {
      killing.begun = true;
      await server.kill();
    }
  };
  const killing: Killing = { begun: false, done: kill() };
  return killing;
}

/** Some data is acknowledged, and an upload lacks more than its current piece. */
function midWork(ledger: Ledger): Promise<true> {
  const isMid = ({ acknowledged, content }: Upload) => content.length - acknowledged > pieceBytesMax;
  return eventually("files are acknowledged and an upload is under way", 60_000, () =>
    ledger.files.size > 0 && ledger.uploads.some(isMid) ? true : undefined,
  );
}

async function untilKilled(killing: Killing, work: () => Promise<void>): Promise<void> {
  try {
    for (;;) await work();
  } catch (error) {
    // `fetch failed` and resets are expected after the kill. Anything else is a failure.
    if (!(error instanceof TypeError) || !killing.begun) throw error;
  }
}

/** Every row lies inside its pack, and every block that a space needs has a row. */
async function verifyRows(data: string): Promise<void> {
  const rows = await queryDatabase(
    data,
    `select replace(pack_id::text, '-', '') as pack, max("offset" + stored_size) as end from cell.blocks group by 1`,
  );
  const packs = listPackFiles(data);
  for (const row of rows) {
    const sizeBytes = packs.get(row.pack);
    assert.ok(sizeBytes !== undefined, `a block has a row in the pack ${row.pack}, which is not there`);
    assert.ok(Number(row.end) <= sizeBytes, `a block's row points beyond the end of the pack ${row.pack}`);
  }
  const lost = await queryDatabase(
    data,
    `select encode(s.hash, 'hex') as hash from shard.space_blocks s
     where not exists (select from cell.blocks b where b.hash = s.hash and b.state = 'live')`,
  );
  assert.deepEqual(lost, [], "blocks that a space counts on have no live row");
}

/** The job runs within 15 s of a start, or later on a busy machine. */
const adoptionTimeoutMs = 120_000;

async function orphansAdopted(data: string): Promise<void> {
  const packs = [...listPackFiles(data).keys()];
  await eventually("packs without rows are adopted", adoptionTimeoutMs, async () => {
    const rows = await queryDatabase(data, `select distinct replace(pack_id::text, '-', '') as pack from cell.blocks`);
    const known = new Set(rows.map((row) => row.pack));
    return packs.every((pack) => known.has(pack)) ? true : undefined;
  });
}

function sampleOf(files: ReadonlyMap<string, string>, count: number, draw: () => number): Map<string, string> {
  const all = [...files];
  return new Map(Array.from({ length: Math.min(count, all.length) }, () => all[Math.floor(draw() * all.length)]!));
}
