import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { hashOf, putBatch } from "./batches.ts";
import {
  Api,
  type ApiAnswer,
  eventually,
  makeFolder,
  ok,
  postmasterPid,
  queryDatabase,
  removeFolder,
  type RunningServer,
  type ServerOptions,
  startServer,
} from "./testing.ts";
import { startReceiver } from "../features/webhooks/testing.ts";
import { fillUpTo, withSmallDisk } from "./small-disk.ts";
import { finishUploads, isPassingFailure, type Ledger, newLedger, verifyFiles } from "./traffic.ts";

const mib = 1024 * 1024;
/** Counted from the moment with room. The database may have to restart. */
const recoveryMsMax = 120_000;

/** The database disk's reserve would refuse everything on such small disks. */
const withoutReserve = { HOLDFAST_DISK_RESERVE_BYTES: "0" };

/**
 * Invariant: a full disk leads to clear answers that allow a retry, and keeps all acknowledged data. With room again,
 * nobody has to restart anything.
 */
test("a store with a full disk rejects uploads, serves reads, and accepts files again when space is free", (t) =>
  withSmallDisk(t, 48 * mib, async (disk) => {
    const folder = makeFolder("store-full");
    t.after(() => removeFolder(folder));
    const options = { dataFolder: `${folder}/data`, args: ["--store", `${disk}/store`], env: privateWebhooks };
    await withServer(options, async (server) => {
      writeFileSync(`${disk}/ballast`, randomBytes(12 * mib));
      const api = await Api.signIn(server.url);
      const { calls } = await receiveCalls(t, api);
      const files = new Map<string, string>();
      await fillUp(api, files);

      assert.equal((await api.call("POST", "/metadata", { path: "/folder", kind: "folder" })).status, 201);
      assert.equal((await api.put("/empty", "")).status, 201);
      const again = await Promise.all([
        api.put("/refused", randomBytes(3 * mib)),
        putBatch(api, [{ path: "/refused in a batch", blocks: [randomBytes(3 * mib)] }]),
        sendPiece(api, randomBytes(6 * mib)),
      ]);
      for (const answer of again) assertFull(answer);
      assert.equal((await api.call("GET", "/metadata?path=/refused")).status, 404);
      await verifyFiles(api, files);
      await assertTold(calls, ["/folder", "/empty", ...files.keys()]);
      assert.ok(!told(calls).has("refused") && !told(calls).has("refused in a batch"), "what never was is told");

      rmSync(`${disk}/ballast`);
      await takesFilesAgain(api, files);
      await verifyFiles(api, files);
      await assertTold(calls, ["/after"]);
      assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
    });
  }));

test("a data folder with a full disk rejects changes, loses nothing and recovers automatically", (t) =>
  withSmallDisk(t, 208 * mib, (disk) =>
    withServer({ dataFolder: `${disk}/data`, env: { ...privateWebhooks, ...withoutReserve } }, async (server) => {
      writeFileSync(`${disk}/ballast`, randomBytes(40 * mib));
      const api = await Api.signIn(server.url);
      const { calls } = await receiveCalls(t, api);
      const ledger = newLedger();
      await startHalf(api, ledger, 3 * mib);
      await fillUp(api, ledger.files);

      // Down to the last byte, including the log: answers keep to the contract in any state of the database.
      fillUpTo(disk, 0);
      const file = await api.put("/no-room", randomBytes(20_000));
      assert.ok(isPassingFailure(file), `where there is no room: ${file.status} ${JSON.stringify(file.body)}`);
      const folders = await makeFoldersUntilRefused(api);

      // Room for tables but not for another 16 MiB of log: the database ends, and its recovery has no room either.
      rmSync(`${disk}/filler`);
      rmSync(`${disk}/ballast`);
      fillUpTo(disk, 8 * mib);
      await queryDatabase(`${disk}/data`, "select pg_switch_wal()");
      folders.push(...(await makeFoldersUntilRefused(api)));
      await eventually(
        "the database dies of it",
        60_000,
        () => readLog(server).includes("automatic recovery in progress") || undefined,
      );
      assert.equal((await fetch(`${server.url}/healthz`)).status, 200);

      rmSync(`${disk}/filler`);
      await takesFilesAgain(api, ledger.files);
      await finishUploads(api, ledger);
      await verifyFiles(api, ledger.files);
      for (const folder of folders) await api.idOf(folder);
      // Events acknowledged while the database could not store a call are also delivered, each under a single id.
      await assertTold(calls, [...ledger.files.keys(), ...folders]);
      for (const [name, ids] of told(calls)) assert.equal(ids.size, 1, `${name} is told as ${ids.size} changes`);
      assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
    }),
  ));

test("a database that dies on a full disk restarts when space is free", (t) =>
  withSmallDisk(t, 208 * mib, (disk) =>
    withServer({ dataFolder: `${disk}/data`, env: withoutReserve }, async (server) => {
      const api = await Api.signIn(server.url);
      const before = randomBytes(100_000);
      assert.equal((await api.put("/before", before)).status, 201);
      const files = new Map([["/before", hashOf(before)]]);
      fillUpTo(disk, 0);
      process.kill(
        await eventually("the database runs", recoveryMsMax, () => postmasterPid(`${disk}/data`)),
        "SIGKILL",
      );
      const refused = await eventually("requests are rejected", 60_000, async () => {
        const path = `/folder-${randomBytes(8).toString("hex")}`;
        const answer = await api.call("POST", "/metadata", { path, kind: "folder" });
        return answer.status === 503 ? answer : undefined;
      });
      assert.ok(isPassingFailure(refused), JSON.stringify(refused.body));
      assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
      rmSync(`${disk}/filler`);
      await takesFilesAgain(api, files);
      await verifyFiles(api, files);
    }),
  ));

const privateWebhooks = { HOLDFAST_WEBHOOK_PRIVATE: "true" };

interface Call {
  readonly id: string;
  readonly node: { readonly name: string };
}

async function receiveCalls(t: TestContext, api: Api): Promise<{ calls: Call[] }> {
  const receiver = await startReceiver();
  t.after(() => receiver.stop());
  const calls: Call[] = [];
  receiver.answer = (response, { body }) => {
    calls.push(JSON.parse(body));
    response.writeHead(204).end();
  };
  await ok(api, "POST", "/webhooks", { url: receiver.url, secret: "a secret of the webhook", events: ["created"] });
  return { calls };
}

function told(calls: readonly Call[]): Map<string, Set<string>> {
  const groups = Map.groupBy(calls, ({ node }) => node.name);
  return new Map([...groups].map(([name, some]) => [name, new Set(some.map(({ id }) => id))]));
}

async function assertTold(calls: readonly Call[], paths: readonly string[]): Promise<void> {
  await eventually("the webhook is told of all that was acknowledged", 60_000, () => {
    const names = told(calls);
    return paths.every((path) => names.has(path.slice(1))) ? true : undefined;
  });
}

async function withServer(options: ServerOptions, work: (server: RunningServer) => Promise<void>): Promise<void> {
  // Creates a new database. The log of a copied one has holes, which still need room on the disk.
  mkdirSync(options.dataFolder, { mode: 0o700 });
  const server = await startServer(options);
  try {
    await work(server);
  } finally {
    await server.stop();
  }
}

async function fillUp(api: Api, files: Map<string, string>): Promise<void> {
  for (let file = 0; ; file++) {
    const content = randomBytes(2 * mib);
    const path = `/file-${file}`;
    const answer = file % 2 === 0 ? await api.put(path, content) : await putBatch(api, [{ path, blocks: [content] }]);
    if (answer.status >= 400) {
      assertFull(answer);
      assert.ok(files.size > 2, "the disk was full before anything was stored");
      return;
    }
    if (file % 2 === 1) assert.equal(answer.body.results[0].status, "committed", JSON.stringify(answer.body));
    files.set(path, hashOf(content));
    assert.ok(file < 200, "the disk is never full");
  }
}

function assertFull(answer: ApiAnswer): void {
  assert.ok(isPassingFailure(answer), `answered ${answer.status} ${JSON.stringify(answer.body)}`);
  assert.equal(answer.body.code, "store_full");
  assert.match(answer.body.detail, /server is full/i);
}

async function sendPiece(api: Api, content: Buffer): Promise<ApiAnswer> {
  const path = `/in-pieces-${randomBytes(6).toString("hex")}`;
  const begun = await api.call("POST", "/files/upload?uploadType=resumable", { path, size: content.length });
  if (begun.status >= 400) return begun;
  return api.call("PUT", `/upload/${begun.body.upload_id}`, undefined, {
    body: content as NonNullable<RequestInit["body"]>,
    headers: { "content-range": `bytes 0-${content.length - 1}/${content.length}` },
  });
}

async function takesFilesAgain(api: Api, files: Map<string, string>): Promise<void> {
  const content = randomBytes(2 * mib);
  await eventually("uploads work again", recoveryMsMax, async () => {
    const answer = await api.put("/after", content);
    if (answer.status === 201) return true;
    assert.ok(isPassingFailure(answer), `answered ${answer.status} ${JSON.stringify(answer.body)}`);
    return undefined;
  });
  files.set("/after", hashOf(content));
}

async function startHalf(api: Api, ledger: Ledger, sizeBytes: number): Promise<void> {
  const content = randomBytes(sizeBytes);
  const { body } = await api.call("POST", "/files/upload?uploadType=resumable", { path: "/half", size: sizeBytes });
  const half = await api.call("PUT", `/upload/${body.upload_id}`, undefined, {
    body: content.subarray(0, sizeBytes >> 1),
    headers: { "content-range": `bytes 0-${(sizeBytes >> 1) - 1}/${sizeBytes}` },
  });
  assert.equal(half.status, 308, JSON.stringify(half.body));
  ledger.uploads.push({ id: body.upload_id, path: "/half", content, acknowledged: sizeBytes >> 1 });
}

/**
 * Fills the database's log until it needs another 16 MiB file, for which there is no room.
 * @returns some of the acknowledged paths
 */
async function makeFoldersUntilRefused(api: Api): Promise<string[]> {
  const made: string[] = [];
  for (let batch = 0; batch < 200; batch++) {
    const paths = Array.from({ length: 200 }, () => `/folder ${randomBytes(100).toString("hex")}`);
    const operations = paths.map((path) => ({ op: "mkdir", operation_id: randomBytes(16).toString("hex"), path }));
    const answer = await api.call("POST", "/sync/delta", { operations });
    if (isPassingFailure(answer)) return made;
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    for (const [index, result] of answer.body.results.entries()) {
      assert.equal(result.status, "committed", JSON.stringify(result));
      if (index < 5) made.push(paths[index]!);
    }
  }
  throw new Error("the database never ran out of room");
}

function readLog({ logFile }: RunningServer): string {
  return readFileSync(logFile, "utf8");
}
