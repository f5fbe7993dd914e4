import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Fault, type FaultyStore, withFaults } from "@holdfast/object-store/with-faults";
import { seed } from "@holdfast/tools/properties";
import { readConfig } from "../base/config/read-config.ts";
import { serveAll } from "../roles/all.ts";
import type { StoreWrap } from "../roles/open-storage.ts";
import type { RunningServer } from "../roles/running-server.ts";
import { administrator, Api, eventually, makeFolder, removeFolder } from "./testing.ts";
import {
  commitBatch,
  drawsOf,
  finishUploads,
  isPassingFailure,
  keepWorking,
  newLedger,
  uploadAtOnce,
  uploadInPieces,
  verifyFiles,
} from "./traffic.ts";

const works = [uploadAtOnce, uploadAtOnce, uploadInPieces, commitBatch, commitBatch];
/** Longer than readiness waits for an answer. */
const hangMs = 4000;

/**
 * Invariant: the store may fail, be slow, hang, or fail after it completed the operation. Clients get a correct answer or one that
 * allows a retry, and nothing acknowledged is lost. The server runs in this process, so that the test can inject the faults.
 */
describe("Faulty store", () => {
  let folder: string;
  let server: RunningServer;
  let store: FaultyStore;
  const ledger = newLedger();
  const draw = drawsOf(seed);

  before(async () => {
    folder = makeFolder("store-faults");
    const environment = {
      HOLDFAST_ADMIN_EMAIL: administrator.email,
      HOLDFAST_ADMIN_PASSWORD: administrator.password,
      HOLDFAST_RATE_LIMIT_USER: "0",
      HOLDFAST_LOG_LEVEL: "silent",
    };
    const config = readConfig({ flags: { data: `${folder}/data`, listen: "127.0.0.1:0" }, environment });
    const sleep = (ms: number, signal?: AbortSignal) => delay(ms, undefined, signal === undefined ? {} : { signal });
    const wrapStore: StoreWrap = (plain) => {
      store = withFaults(plain, { random: draw, sleep, slowMs: 200, hangMs });
      return store;
    };
    server = (await serveAll(config, "test", { wrapStore })) ?? assert.fail();
  });
  after(async () => {
    store?.faults.setRates({});
    await server?.close();
    removeFolder(folder);
  });

  for (const [name, rates, forMs] of [
    ["fails at random", { failBefore: 0.5 }, 1000],
    ["fails after completing calls", { failAfter: 0.5 }, 1000],
    ["is slow", { slow: 0.5 }, 1000],
    ["hangs at random", { hang: 0.1 }, 2000],
    ["has all of these faults", { failBefore: 0.3, failAfter: 0.2, slow: 0.2, hang: 0.02 }, 2000],
  ] as const) {
    test(`requests return correct or retryable responses if it ${name} (HOLDFAST_SEED=${seed})`, async (t) => {
      const [filesBefore, faultsBefore] = [ledger.files.size, store.faults.faultCount];
      store.faults.setRates(rates);
      // At least one of each, independent of the random draws.
      for (const fault of Object.keys(rates) as Fault[]) store.faults.queue(fault, { operation: "put" });
      const traffic = { api: await Api.signIn(server.url), ledger, draw, passes: isPassingFailure };
      const acknowledged = eventually("something is acknowledged", 60_000, () =>
        ledger.files.size > filesBefore ? true : undefined,
      );
      await keepWorking(traffic, works, Promise.all([delay(forMs), acknowledged]));
      store.faults.setRates({});
      const faults = store.faults.faultCount - faultsBefore;
      t.diagnostic(
        `${ledger.files.size - filesBefore} files acknowledged, ${faults} faults, ${ledger.refused} refused so far`,
      );
      assert.ok(faults > 0, "there was no fault, so nothing was tested");
    });
  }

  test("during an outage the server is not ready and rejects uploads, and recovers automatically", async () => {
    const api = await Api.signIn(server.url);
    const refusedBefore = ledger.refused;
    store.faults.setRates({ failBefore: 1 });
    await eventually("readiness goes", 60_000, async () => ((await ready()) === 503 ? true : undefined));
    const traffic = { api, ledger, draw, passes: isPassingFailure };
    const known = ledger.files.size;
    // An empty file needs no store. No other file can have been stored.
    await Promise.all([commitBatch(traffic), uploadInPieces(traffic), readRefused(api)]);
    assert.equal(ledger.files.size, known, "something was acknowledged that no store has");
    assert.ok(ledger.refused > refusedBefore);
    assert.equal((await api.call("POST", "/metadata", { path: "/folder", kind: "folder" })).status, 201);
    store.faults.setRates({});
    await eventually("readiness returns", 60_000, async () => ((await ready()) === 200 ? true : undefined));
    await commitBatch({ ...traffic, passes: () => false });
  });

  test("if every call hangs, the server is not ready, requests end and readiness returns", async () => {
    const api = await Api.signIn(server.url);
    store.faults.setRates({ hang: 1 });
    const waiting = api.put("/waits", randomBytes(1000));
    await eventually("readiness goes", 60_000, async () => ((await ready()) === 503 ? true : undefined));
    store.faults.setRates({});
    const answer = await waiting;
    assert.ok(answer.status === 201 || isPassingFailure(answer), `${answer.status} ${JSON.stringify(answer.body)}`);
    await eventually("readiness returns", 60_000, async () => ((await ready()) === 200 ? true : undefined));
  });

  test("no acknowledged file is lost, and interrupted uploads resume", async () => {
    const api = await Api.signIn(server.url);
    await finishUploads(api, ledger);
    await verifyFiles(api, ledger.files);
  });

  async function readRefused(api: Api): Promise<void> {
    const answer = await api.download([...ledger.files.keys()].find((path) => path.startsWith("/batch-"))!);
    assert.ok(isPassingFailure(answer), `a download was answered ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  async function ready(): Promise<number> {
    const answer = await fetch(`${server.url}/readyz`);
    await answer.arrayBuffer();
    return answer.status;
  }
});
