import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { hashOf, putBatch } from "./batches.ts";
import { listPackFiles } from "./pack-files.ts";
import {
  Api,
  eventually,
  makeFolder,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

/**
 * Invariant: whatever was acknowledged is there after `kill -9` at any moment, and whatever was not can be repeated. Five rounds; HOLDFAST_KILL_ROUNDS=50
 * for the long form. The moments are drawn from HOLDFAST_SEED (printed), though what they hit depends on the machine.
 */
const rounds = Number(process.env["HOLDFAST_KILL_ROUNDS"] ?? 5);
const seed = process.env["HOLDFAST_SEED"] ?? randomBytes(4).toString("hex");

/** What the server has told its clients so far. */
interface Ledger {
  /** Path to SHA-256 of the content, of the round under way. */
  readonly files: Map<string, string>;
  /** The same of all rounds before. */
  readonly older: Map<string, string>;
  readonly uploads: Upload[];
}

interface Upload {
  readonly id: string;
  readonly path: string;
  readonly content: Buffer;
  /** The highest offset that an answer named. */
  acknowledged: number;
}

describe("kill -9 at any moment", () => {
  let folder: string;
  let server: RunningServer;
  const ledger: Ledger = { files: new Map(), older: new Map(), uploads: [] };

  before(async () => {
    folder = makeFolder("kill");
    server = await start(folder, 0);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  test(`loses nothing in ${rounds} rounds (HOLDFAST_SEED=${seed})`, async (t) => {
    const draw = drawsOf(seed);
    for (let round = 1; round <= rounds; round++) {
      const api = await Api.signIn(server.url);
      const killing = killAfter(server, 20 + draw() * 1500);
      const work = [uploadAtOnce, uploadAtOnce, uploadInPieces, commitBatches];
      await Promise.all(work.map((kind) => untilKilled(killing, () => kind(api, ledger, draw))));
      await killing.done;
      server = await start(folder, server.port);
      const again = await Api.signIn(server.url);
      const [known, cut] = [ledger.files.size, ledger.uploads.length];
      await verifyUploads(again, ledger);
      await continueUploads(again, ledger);
      await verifyFiles(again, ledger.files);
      // All of them would take longer with each round; they are read at the end.
      await verifyFiles(again, sampleOf(ledger.older, 50, draw));
      await verifyRows(folder);
      // The job comes within seconds of a start, which is long beside a round.
      if (round === rounds || round % 10 === 0) await orphansAdopted(folder);
      for (const [path, hash] of ledger.files) ledger.older.set(path, hash);
      ledger.files.clear();
      t.diagnostic(`round ${round}: ${known} files acknowledged, ${cut} uploads cut`);
    }
  });

  test("reads everything back in the end", async () => {
    assert.ok(ledger.older.size > 0, "nothing was ever acknowledged, so nothing was tested");
    await verifyFiles(await Api.signIn(server.url), ledger.older);
  });
});

function start(folder: string, port: number): Promise<RunningServer> {
  return startServer({ dataFolder: `${folder}/data`, port });
}

interface Killing {
  /** Whether the signal has been sent. */
  begun: boolean;
  readonly done: Promise<void>;
}

function killAfter(server: RunningServer, delayMs: number): Killing {
  const killing: Killing = {
    begun: false,
    done: delay(delayMs).then(() => {
      killing.begun = true;
      return server.kill();
    }),
  };
  return killing;
}

/** Works until the server is gone; only an answer counts. */
async function untilKilled(killing: Killing, work: () => Promise<void>): Promise<void> {
  try {
    for (;;) await work();
  } catch (error) {
    // `fetch failed` and resets are the kill, unless they come before it; anything else is a finding.
    if (!(error instanceof TypeError) || !killing.begun) throw error;
  }
}

async function uploadAtOnce(api: Api, ledger: Ledger, draw: () => number): Promise<void> {
  const content = randomBytes(Math.floor(draw() ** 3 * 3_000_000));
  const path = `/at-once-${randomBytes(6).toString("hex")}`;
  const { status, body } = await api.put(path, content, `&sha256=${hashOf(content)}`);
  assert.equal(status, 201, JSON.stringify(body));
  ledger.files.set(path, hashOf(content));
}

async function uploadInPieces(api: Api, ledger: Ledger, draw: () => number): Promise<void> {
  const content = randomBytes(2_000_000 + Math.floor(draw() * 20_000_000));
  const path = `/in-pieces-${randomBytes(6).toString("hex")}`;
  const started = await api.call("POST", "/files/upload?uploadType=resumable", { path, size: content.length });
  assert.equal(started.status, 200, JSON.stringify(started.body));
  const upload: Upload = { id: started.body.upload_id, path, content, acknowledged: 0 };
  ledger.uploads.push(upload);
  while (upload.acknowledged < content.length) {
    const end = Math.min(content.length, upload.acknowledged + 1 + Math.floor(draw() * 5_000_000));
    const headers = { "content-range": `bytes ${upload.acknowledged}-${end - 1}/${content.length}` };
    const { status, headers: answered } = await api.call("PUT", `/upload/${upload.id}`, undefined, {
      body: content.subarray(upload.acknowledged, end),
      headers,
    });
    if (status === 200 || status === 201) {
      ledger.files.set(path, hashOf(content));
      ledger.uploads.splice(ledger.uploads.indexOf(upload), 1);
      return;
    }
    assert.equal(status, 308);
    assert.equal(answered.get("range"), `bytes=0-${end - 1}`);
    upload.acknowledged = end;
  }
}

async function commitBatches(api: Api, ledger: Ledger, draw: () => number): Promise<void> {
  const files = Array.from({ length: 1 + Math.floor(draw() * 200) }, () => ({
    path: `/batch-${randomBytes(8).toString("hex")}`,
    content: randomBytes(1 + Math.floor(draw() * 20_000)),
  }));
  const { status, body } = await putBatch(
    api,
    files.map(({ path, content }) => ({ path, blocks: [content] })),
  );
  assert.equal(status, 200, JSON.stringify(body));
  for (const [index, result] of body.results.entries()) {
    assert.equal(result.status, "committed", JSON.stringify(result));
    const file = files[index]!;
    ledger.files.set(file.path, hashOf(file.content));
  }
}

const readersMax = 4;

async function verifyFiles(api: Api, files: ReadonlyMap<string, string>): Promise<void> {
  const left = files.entries();
  const readers = Array.from({ length: readersMax }, async () => {
    for (const [path, hash] of left) {
      const node = await api.call("GET", `/metadata?path=${encodeURIComponent(path)}`);
      assert.equal(node.status, 200, `${path} was acknowledged and is gone`);
      const { status, body } = await api.call("GET", `/files/${node.body.id}/download`);
      assert.equal(status, 200, `${path} was acknowledged and cannot be read: ${JSON.stringify(body)}`);
      assert.equal(hashOf(body), hash, `${path} reads back otherwise`);
    }
  });
  await Promise.all(readers);
}

async function verifyUploads(api: Api, { uploads }: Ledger): Promise<void> {
  for (const upload of uploads) {
    const durable = await durableOf(api, upload);
    assert.ok(durable >= upload.acknowledged, `${upload.acknowledged} bytes were acknowledged, ${durable} are durable`);
  }
}

/** Each from the offset that the server names, in one piece; a whole one is only asked for, and finishes. */
async function continueUploads(api: Api, ledger: Ledger): Promise<void> {
  for (const { id, path, content, acknowledged } of ledger.uploads.splice(0)) {
    const durable = await durableOf(api, { id });
    const range = durable === content.length ? "*" : `${durable}-${content.length - 1}`;
    const { status, body } = await api.call("PUT", `/upload/${id}`, undefined, {
      body: content.subarray(durable),
      headers: { "content-range": `bytes ${range}/${content.length}` },
    });
    assert.ok(status === 200 || status === 201, `from ${durable} (${acknowledged}): ${status} ${JSON.stringify(body)}`);
    ledger.files.set(path, hashOf(content));
  }
}

async function durableOf(api: Api, upload: Pick<Upload, "id">): Promise<number> {
  const { status, body } = await api.call("GET", `/upload/${upload.id}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.size;
}

/** Every row has its pack and lies inside it, and every block that a space counts on has a row. */
async function verifyRows(folder: string): Promise<void> {
  const data = `${folder}/data`;
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
    `select encode(s.hash, 'hex') as hash from shard.space_blocks s left join cell.blocks b on b.hash = s.hash and b.state = 'live' where b.hash is null`,
  );
  assert.deepEqual(lost, [], "blocks that a space counts on have no live row");
}

/** The job runs within 15 s of a start. */
const adoptionTimeoutMs = 30_000;

async function orphansAdopted(folder: string): Promise<void> {
  const data = `${folder}/data`;
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

/** Numbers from 0 up to 1, the same for the same seed. */
function drawsOf(text: string): () => number {
  let state = createHash("sha256").update(text).digest();
  return () => {
    state = createHash("sha256").update(state).digest();
    return state.readUInt32BE() / 2 ** 32;
  };
}
