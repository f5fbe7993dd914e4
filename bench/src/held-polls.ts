import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { request as sendRequest } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Api, eventually, type ServerProcess, spawnServer } from "@holdfast/server/acceptance/testing";
import { startDatabase } from "./database.ts";
import type { HolderOrder } from "./poll-holder.ts";
import type { Row } from "./report.ts";
import { pssBytes } from "./processes.ts";

/** Limit of concurrent ports per address of this machine. */
const perAddress = 7500;
/** Work of a warm process: polls held and released, and ordinary requests, so that its heap has a realistic size. */
const warming = { polls: 500, requests: 5000, callers: 16 };
/** Time after a collection until memory is freed. */
const settleMs = 3000;
/** Several are needed, because memory freed by one collection is returned by a later one. */
const collections = 3;
const preload = `--import=${new URL("collect-on-signal.ts", import.meta.url).href}`;

interface Holding {
  readonly port: number;
  readonly pid: number;
  readonly request: string;
  readonly held: () => Promise<number>;
}

/**
 * Measures idle polls: `each` of them per server process, with one and two processes, compared with a bare `node:http`
 * server that holds the same requests. Memory is PSS above the warm process, both after garbage collection.
 */
export async function measureHeldPolls(folder: string, each: number): Promise<Row[]> {
  const database = await startDatabase(folder);
  const servers: ServerProcess[] = [];
  try {
    for (const name of ["one", "two"]) servers.push(await startPollServer(`${folder}/${name}`, folder, database.url));
    const latency = await measureLatency(servers[0]!);
    // Only now, because a poll with an older cursor would be answered immediately.
    return [...latency, ...(await measureMemory(await Promise.all(servers.map(pollsOf)), each))];
  } finally {
    for (const server of servers) await server.stop();
    await database.stop();
  }
}

const key = randomBytes(32).toString("base64");

async function startPollServer(folder: string, shared: string, databaseUrl: string): Promise<ServerProcess> {
  mkdirSync(folder, { recursive: true });
  return spawnServer({
    dataFolder: `${folder}/data`,
    args: ["--database-url", databaseUrl, "--store", `${shared}/store`],
    env: { HOLDFAST_KEY_ENCRYPTION_KEY: key, HOLDFAST_RATE_LIMIT_POLLS: "0", NODE_OPTIONS: preload },
  });
}

interface ServerPolls extends Holding {
  readonly api: Api;
}

async function pollsOf(server: ServerProcess): Promise<ServerPolls> {
  const api = await Api.signIn(server.url);
  const { token } = (await api.call("GET", "/changes/start_token")).body as { token: string };
  const held = async () => {
    const { body } = await api.call("GET", `${server.url}/metrics`);
    return Number(/^active_notification_connections (\d+)$/m.exec(String(body))?.[1]);
  };
  return { api, port: server.port, pid: server.pid, request: requestText(api, token, 90), held };
}

/** Returns a request like a device's. */
function requestText(api: Api, token: string, timeoutSeconds: number): string {
  const headers = {
    host: new URL(api.url).host,
    authorization: `Bearer ${api.token}`,
    timeout: timeoutSeconds,
    "user-agent": "holdfast",
    accept: "application/json",
    connection: "keep-alive",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET /api/v1/notifications/poll?since_token=${token} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

async function measureMemory(polls: readonly Holding[], each: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of [1, 2]) {
    const work = `${each * count} held polls in ${count === 1 ? "one process" : "two processes"}`;
    const ours = await bytesPerPoll(polls.slice(0, count), each);
    const bare = await bareBytesPerPoll(polls.slice(0, count), each);
    rows.push(
      { work, by: "holdfast", value: ours / 1000, unit: "KB", note: `each; ${(ours / bare).toFixed(2)} of bare` },
      { work, by: "bare node:http", value: bare / 1000, unit: "KB", note: "each" },
    );
  }
  return rows;
}

async function bareBytesPerPoll(polls: readonly Holding[], each: number): Promise<number> {
  const children: ChildProcess[] = [];
  try {
    const bare: Holding[] = [];
    for (const { request } of polls) {
      const child = forkScript("bare-server.ts");
      children.push(child);
      const { port } = await answerOf<{ port: number }>(child);
      const held = async () => {
        child.send({});
        return (await answerOf<{ held: number }>(child)).held;
      };
      bare.push({ port, pid: child.pid!, request, held });
    }
    return await bytesPerPoll(bare, each);
  } finally {
    await Promise.all(children.map(endOf));
  }
}

/** Removes listeners only when the process has ended. */
async function endOf(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.disconnect();
  await exited;
}

async function bytesPerPoll(targets: readonly Holding[], each: number): Promise<number> {
  await Promise.all(targets.map(warm));
  const warmBytes = await sumOf(targets);
  const held = await Promise.all(targets.map((target) => holdAt(target, each)));
  const heldBytes = await sumOf(targets);
  for (const target of targets)
    if ((await target.held()) !== each) throw new Error("polls ended before they were measured");
  const bytes = (heldBytes - warmBytes) / (each * targets.length);
  for (const { release } of held) await release();
  return bytes;
}

async function warm(target: Holding): Promise<void> {
  await (await holdAt(target, warming.polls)).release();
  const authorization = /authorization: (.*)\r\n/.exec(target.request)?.[1] ?? "";
  const url = `http://127.0.0.1:${target.port}/api/v1/changes/start_token`;
  const call = async () => {
    for (let count = 0; count < warming.requests / warming.callers; count++)
      await (await fetch(url, { headers: { authorization } })).arrayBuffer();
  };
  await Promise.all(Array.from({ length: warming.callers }, call));
}

/** Sums memory after garbage collection. */
async function sumOf(targets: readonly Holding[]): Promise<number> {
  for (let count = 0; count < collections; count++) {
    for (const { pid } of targets) process.kill(pid, "SIGUSR2");
    await delay(settleMs);
  }
  return targets.reduce((sum, { pid }) => sum + pssBytes(pid), 0);
}

let addressSerial = 1;

async function holdAt(target: Holding, count: number): Promise<{ release: () => Promise<void> }> {
  const children: ChildProcess[] = [];
  for (let left = count; left > 0; left -= perAddress) {
    const child = forkScript("poll-holder.ts");
    children.push(child);
    // A new address each time, because ports of previous connections stay reserved for a minute.
    addressSerial += 1;
    const localAddress = `127.0.${Math.floor(addressSerial / 250)}.${addressSerial % 250}`;
    const { port, request } = target;
    child.send({ port, request, count: Math.min(left, perAddress), localAddress } satisfies HolderOrder);
  }
  await Promise.all(children.map((child) => answerOf(child)));
  await eventually("all polls are held", 60_000, async () => ((await target.held()) === count ? true : undefined));
  return {
    release: async () => {
      await Promise.all(children.map(endOf));
      await eventually("all polls are gone", 60_000, async () => ((await target.held()) === 0 ? true : undefined));
    },
  };
}

function forkScript(name: string): ChildProcess {
  return fork(fileURLToPath(new URL(name, import.meta.url)), { execArgv: [preload] });
}

async function answerOf<Message>(child: ChildProcess): Promise<Message> {
  const given = new AbortController();
  const { signal } = given;
  const ended = once(child, "exit", { signal }).then(([code]) => {
    throw new Error(`A process of the measurement ended with ${String(code)}.`);
  });
  ended.catch(() => {});
  const [message] = (await Promise.race([once(child, "message", { signal }), ended])) as [Message];
  given.abort();
  return message;
}

const changes = 60;
/** Longer than the merging of wake-ups, so that each change is the first. */
const pauseMs = 250;

/** Measures the time from sending a change to the response of another connection's poll, on loopback. */
async function measureLatency(server: ServerProcess): Promise<Row[]> {
  const { api, held } = await pollsOf(server);
  const wokenMs: number[] = [];
  const committedMs: number[] = [];
  for (let count = 0; count < changes; count++) {
    const { token } = (await api.call("GET", "/changes/start_token")).body as { token: string };
    const woken = pollOnce(server, api, token);
    while ((await held()) !== 1) await delay(1);
    await delay(pauseMs);
    const startMs = performance.now();
    const made = api.call("POST", "/metadata", { path: `/change-${count}`, kind: "folder" });
    void made.then(() => committedMs.push(performance.now() - startMs));
    wokenMs.push((await woken) - startMs);
    await made;
  }
  const at = (values: number[], share: number) =>
    values.toSorted((left, right) => left - right)[Math.floor(values.length * share)] ?? 0;
  const work = "change sent to poll answered";
  const note = `the change itself is answered after ${at(committedMs, 0.5).toFixed(1)} ms`;
  return [
    { work: `${work}, median`, by: "holdfast", value: at(wokenMs, 0.5), unit: "ms", note },
    { work: `${work}, p95`, by: "holdfast", value: at(wokenMs, 0.95), unit: "ms" },
  ];
}

/** @returns time of the response */
function pollOnce(server: ServerProcess, api: Api, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${api.token}`, timeout: "30" };
    const url = `${server.url}/api/v1/notifications/poll?since_token=${token}`;
    const outgoing = sendRequest(url, { headers }, (answer) => {
      answer.resume();
      answer.once("end", () => {
        if (answer.statusCode === 200) resolve(performance.now());
        else reject(new Error(`The poll was answered ${answer.statusCode}.`));
      });
    });
    outgoing.once("error", reject);
    outgoing.end();
  });
}
