import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { renameSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { bounded } from "@holdfast/tools/bounded";
import { seed } from "@holdfast/tools/properties";
import {
  Api,
  type ApiAnswer,
  eventually,
  makeFolder,
  postmasterPid,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";
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

/** From the kill to the first served request. Mostly PostgreSQL's recovery, which is slow on a busy machine. */
const outageMsMax = 60_000;
const killsMax = 3;

/**
 * Invariant: the server survives its database. Meanwhile requests are asked to retry, and nothing acknowledged is lost.
 */
describe("kill -9 of the database process", () => {
  let folder: string;
  let data: string;
  let server: RunningServer;
  const ledger = newLedger();

  before(async () => {
    folder = makeFolder("database-killed");
    data = `${folder}/data`;
    server = await startServer({ dataFolder: data });
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  test(`under load, ${killsMax} times: responses are retryable or correct, and service returns (HOLDFAST_SEED=${seed})`, async (t) => {
    const draw = drawsOf(seed);
    const traffic = { api: await Api.signIn(server.url), ledger, draw, passes: isPassingFailure };
    const kills = (async () => {
      for (let kill = 1; kill <= killsMax; kill++) {
        const known = ledger.files.size;
        const acknowledged = eventually("something is acknowledged", 60_000, () =>
          ledger.files.size > known ? true : undefined,
        );
        await Promise.all([delay(200 + draw() * 1000), acknowledged]);
        const outageMs = await killDatabase();
        t.diagnostic(`kill ${kill}: back after ${Math.round(outageMs)} ms, ${ledger.files.size} files acknowledged`);
      }
      await delay(300);
    })();
    await keepWorking(traffic, [uploadAtOnce, uploadAtOnce, uploadInPieces, commitBatch, commitBatch], kills);
    assert.ok(ledger.refused > 0, "no request met the outage, so nothing was tested");
  });

  test("every acknowledged file reads back, and uploads resume from the durable offset", async () => {
    const api = await Api.signIn(server.url);
    await finishUploads(api, ledger);
    await verifyFiles(api, ledger.files);
  });

  test("during an outage, every kind of request gets 503, liveness stays 200 and readiness recovers", async () => {
    const api = await Api.signIn(server.url);
    const [path] = ledger.files.keys();
    const id = await api.idOf(path!);
    const kinds: Readonly<Record<string, () => Promise<ApiAnswer>>> = {
      "a read of metadata": () => api.call("GET", `/files/${id}`),
      "a read of content": () => api.call("GET", `/files/${id}/download`),
      "a change": () =>
        api.call("POST", "/metadata", { path: `/folder-${randomBytes(6).toString("hex")}`, kind: "folder" }),
      "a query of blocks": () => api.call("POST", "/blocks/query", { hashes: ["0".repeat(64)] }),
      "a sign-in": () =>
        new Api(server.url).call("POST", "/sessions", { email: "nobody@example.com", password: "wrong password" }),
    };
    const unavailable = new Set<string>();
    // Readiness is cached for half a second, in which a database may return: it stays away until all noticed it.
    const letReturn = keepDatabaseAway();
    const killed = killDatabase();
    const readiness = (async () => {
      try {
        await eventually("readiness goes", outageMsMax, async () =>
          (await get("/readyz")) === 503 ? true : undefined,
        );
        await eventually("every kind of request gets 503", outageMsMax / 2, () =>
          Object.keys(kinds).every((kind) => unavailable.has(kind)) ? true : undefined,
        );
      } finally {
        letReturn();
      }
      await eventually("readiness returns", outageMsMax, async () =>
        (await get("/readyz")) === 200 ? true : undefined,
      );
    })();
    const asking = (async () => {
      const stillInTime = bounded("the database is missed, and is back", 2 * outageMsMax);
      for (;;) {
        stillInTime();
        const answers = await Promise.all(
          Object.entries(kinds).map(async ([kind, ask]) => ({ kind, answer: await ask() })),
        );
        for (const { kind, answer } of answers) {
          assert.ok(
            answer.status < 500 || isPassingFailure(answer),
            `${kind} was answered ${answer.status} ${JSON.stringify(answer.body)}`,
          );
          if (answer.status === 503 && answer.body.code === "unavailable") unavailable.add(kind);
        }
        assert.equal(await get("/healthz"), 200);
        if (unavailable.size > 0 && answers.every(({ answer }) => answer.status !== 503)) return;
      }
    })();
    await Promise.all([killed, readiness, asking]);
  });

  /** PostgreSQL refuses to start, because its folder lacks an essential file. @returns a function that repairs it */
  function keepDatabaseAway(): () => void {
    const marker = `${data}/postgres/PG_VERSION`;
    renameSync(marker, `${marker}.away`);
    return () => renameSync(`${marker}.away`, marker);
  }

  /** @returns the time without a served request in milliseconds */
  async function killDatabase(): Promise<number> {
    const pid = await eventually("the database runs", outageMsMax, () => postmasterPid(data));
    process.kill(pid, "SIGKILL");
    const killedMs = performance.now();
    const api = new Api(server.url);
    await eventually("service returns", outageMsMax, async () => {
      if (postmasterPid(data) === pid) return undefined;
      // A wrong password is only detected with the database.
      const { status } = await api.call("POST", "/sessions", {
        email: "nobody@example.com",
        password: "wrong password",
      });
      return status === 401 ? true : undefined;
    });
    return performance.now() - killedMs;
  }

  async function get(path: string): Promise<number> {
    const answer = await fetch(`${server.url}${path}`);
    await answer.arrayBuffer();
    return answer.status;
  }
});
