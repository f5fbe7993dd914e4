import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { bounded } from "@holdfast/tools/bounded";
import { hashOf, putBatch } from "./batches.ts";
import type { Api, ApiAnswer } from "./testing.ts";

/** Everything that a server acknowledged. */
export interface Ledger {
  /** Path to SHA-256 of acknowledged files. */
  readonly files: Map<string, string>;
  readonly uploads: Upload[];
  /** Number of answers with temporary failures. */
  refused: number;
}

export class TimedFiles extends Map<string, string> {
  readonly atMs = new Map<string, number>();

  override set(path: string, hash: string): this {
    this.atMs.set(path, Date.now());
    return super.set(path, hash);
  }

  before(timeMs: number): Map<string, string> {
    return new Map([...this].filter(([path]) => (this.atMs.get(path) ?? 0) < timeMs));
  }
}

export interface Upload {
  readonly id: string;
  readonly path: string;
  readonly content: Buffer;
  /** Highest offset in an answer. */
  acknowledged: number;
}

export interface Traffic {
  readonly api: Api;
  readonly ledger: Ledger;
  /** Numbers from 0 up to 1. */
  readonly draw: () => number;
  /** Other failures end the test. @returns true if a client simply retries after the failure */
  readonly passes: (answer: ApiAnswer) => boolean;
}

export type Work = (traffic: Traffic) => Promise<void>;

export function newLedger(): Ledger {
  return { files: new Map(), uploads: [], refused: 0 };
}

/** Answers while the database or store is away, by the contract. */
export function isPassingFailure({ status, body, headers }: ApiAnswer): boolean {
  return (
    status === 503 &&
    ["unavailable", "store_full"].includes(body.code) &&
    body.retryable === true &&
    Number(headers.get("retry-after")) >= 1
  );
}

/** Repeats each of the works until `until` resolves, but at least once. */
export async function keepWorking(traffic: Traffic, works: readonly Work[], until: Promise<unknown>): Promise<void> {
  const time = { over: false };
  const end = until.finally(() => (time.over = true));
  const working = works.map(async (work) => {
    while (!time.over) await work(traffic);
  });
  await Promise.all([...working, end]);
}

export async function uploadAtOnce({ api, ledger, draw, passes }: Traffic): Promise<void> {
  const content = randomBytes(Math.floor(draw() ** 3 * 3_000_000));
  const path = `/at-once-${randomBytes(6).toString("hex")}`;
  const answer = await api.put(path, content, `&sha256=${hashOf(content)}`);
  if (passes(answer)) return void (ledger.refused += 1);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  ledger.files.set(path, hashOf(content));
}

export const pieceBytesMax = 5_000_000;

export async function uploadInPieces(traffic: Traffic): Promise<void> {
  const { api, ledger, draw, passes } = traffic;
  const content = randomBytes(2_000_000 + Math.floor(draw() * 20_000_000));
  const path = `/in-pieces-${randomBytes(6).toString("hex")}`;
  const started = await api.call("POST", "/files/upload?uploadType=resumable", { path, size: content.length });
  if (passes(started)) return void (ledger.refused += 1);
  assert.equal(started.status, 200, JSON.stringify(started.body));
  const upload: Upload = { id: started.body.upload_id, path, content, acknowledged: 0 };
  ledger.uploads.push(upload);
  while (upload.acknowledged < content.length) {
    const end = Math.min(content.length, upload.acknowledged + 1 + Math.floor(draw() * pieceBytesMax));
    if ((await sendPiece(traffic, upload, end)) === "refused") return;
  }
}

/** @returns `refused` if only a later request can show the progress */
async function sendPiece(
  { api, ledger, passes }: Traffic,
  upload: Upload,
  end: number,
): Promise<"more" | "done" | "refused"> {
  const { acknowledged, content } = upload;
  const answer = await api.call("PUT", `/upload/${upload.id}`, undefined, {
    body: content.subarray(acknowledged, end) as NonNullable<RequestInit["body"]>,
    headers: { "content-range": `bytes ${acknowledged}-${end - 1}/${content.length}` },
  });
  if (passes(answer)) {
    ledger.refused += 1;
    return "refused";
  }
  if (answer.status === 200 || answer.status === 201) {
    acknowledge(ledger, upload);
    upload.acknowledged = content.length;
    return "done";
  }
  assert.equal(answer.status, 308, JSON.stringify(answer.body));
  assert.equal(answer.headers.get("range"), `bytes=0-${end - 1}`);
  upload.acknowledged = end;
  return "more";
}

function acknowledge(ledger: Ledger, upload: Upload): void {
  ledger.files.set(upload.path, hashOf(upload.content));
  ledger.uploads.splice(ledger.uploads.indexOf(upload), 1);
}

export async function commitBatch({ api, ledger, draw, passes }: Traffic): Promise<void> {
  const files = Array.from({ length: 1 + Math.floor(draw() ** 2 * 100) }, () => ({
    path: `/batch-${randomBytes(8).toString("hex")}`,
    blocks: [randomBytes(1 + Math.floor(draw() * 20_000))],
  }));
  const answer = await putBatch(api, files);
  if (passes(answer)) return void (ledger.refused += 1);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  for (const [index, result] of answer.body.results.entries()) {
    assert.equal(result.status, "committed", JSON.stringify(result));
    ledger.files.set(files[index]!.path, hashOf(files[index]!.blocks[0]!));
  }
}

const readersMax = 4;

/** Every file in the root reads back with its acknowledged hash. */
export async function verifyFiles(api: Api, files: ReadonlyMap<string, string>): Promise<void> {
  const ids = await listRoot(api);
  const left = files.entries();
  const readers = Array.from({ length: readersMax }, async () => {
    for (const [path, hash] of left) {
      const id = ids.get(path);
      assert.ok(id !== undefined, `${path} was acknowledged and is gone`);
      const { status, body } = await api.call("GET", `/files/${id}/download`);
      assert.equal(status, 200, `${path} was acknowledged and cannot be read: ${JSON.stringify(body)}`);
      assert.equal(hashOf(body), hash, `${path} reads back otherwise`);
    }
  });
  await Promise.all(readers);
}

async function listRoot(api: Api): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  const stillInTime = bounded("the last page");
  for (let cursor = ""; ;) {
    stillInTime();
    const { status, body } = await api.call("GET", `/folders/root/contents?limit=1000${cursor}`);
    assert.equal(status, 200, JSON.stringify(body));
    for (const { id, name } of body.items) ids.set(`/${name}`, id);
    if (body.next_cursor === null || body.next_cursor === undefined) return ids;
    cursor = `&cursor=${encodeURIComponent(body.next_cursor)}`;
  }
}

/** Acknowledged parts of unfinished uploads are durable, and each upload can be completed. */
export async function finishUploads(api: Api, ledger: Ledger): Promise<void> {
  for (const upload of ledger.uploads.slice()) {
    const { id, content, acknowledged } = upload;
    const state = await api.call("GET", `/upload/${id}`);
    assert.equal(state.status, 200, JSON.stringify(state.body));
    const durable: number = state.body.size;
    assert.ok(durable >= acknowledged, `${acknowledged} bytes were acknowledged, ${durable} are durable`);
    const range = durable === content.length ? "*" : `${durable}-${content.length - 1}`;
    const { status, body } = await api.call("PUT", `/upload/${id}`, undefined, {
      body: content.subarray(durable) as NonNullable<RequestInit["body"]>,
      headers: { "content-range": `bytes ${range}/${content.length}` },
    });
    assert.ok(
      status === 200 || status === 201,
      `from ${durable} of ${content.length}: ${status} ${JSON.stringify(body)}`,
    );
    acknowledge(ledger, upload);
  }
}

/** Numbers from 0 up to 1, determined by the seed. */
export function drawsOf(seed: string | number): () => number {
  let state = createHash("sha256").update(String(seed)).digest();
  return () => {
    state = createHash("sha256").update(state).digest();
    return state.readUInt32BE() / 2 ** 32;
  };
}
