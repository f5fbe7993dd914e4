import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { Api, ok, type ServerProcess } from "@holdfast/server/acceptance/testing";
import { processTree } from "./processes.ts";
import type { Row } from "./report.ts";
import { at } from "./sharing/latencies.ts";

const accounts = 24;
/** Enough to keep the server busy without a surge. */
const callersEach = 2;
const surgeFactor = 4;
/** A client that gets no connection in time does not send its request. */
const connectionsMax = 2000;
const quietCallers = 8;
const noisyCallers = 500;

/**
 * Offers a server more requests than it can answer: first as many as it answers, then four times as many at a constant
 * rate, regardless of the responses. Then one account sends requests over 500 connections beside eight others with one
 * each. The server and its database run on one core, and the clients on another: otherwise, what clients need for
 * rejected requests would count as lost.
 */
export async function measureSurge(server: ServerProcess, seconds: number): Promise<Row[]> {
  for (const pid of processTree(server.pid)) pin(pid, "0");
  pin(process.pid, "1");
  try {
    return await offerSurges(server, seconds);
  } finally {
    for (const pid of [...processTree(server.pid), process.pid]) pin(pid, allCores);
  }
}

const allCores = `0-${availableParallelism() - 1}`;

/** Pins all threads. Later children inherit it. A process may have ended meanwhile, and not every system has taskset. */
function pin(pid: number, cores: string): void {
  spawnSync("taskset", ["--all-tasks", "--cpu-list", "--pid", cores, String(pid)], { stdio: "ignore" });
}

async function offerSurges(server: ServerProcess, seconds: number): Promise<Row[]> {
  const people = await signIn(server);
  const capacity = await offerAll(people, callersEach, seconds);
  const most = answered(capacity).length / seconds;
  const surge = await offerAtRate(people, most * surgeFactor, seconds);
  const admitted = answered(surge);
  const [noisy, ...others] = people;
  const quiet = others.slice(0, quietCallers);
  const alone = answered(await offerAll(quiet, 1, seconds));
  const noise = noisy === undefined ? undefined : offerAll([noisy], noisyCallers, seconds);
  const beside = answered(await offerAll(quiet, 1, seconds));
  await noise;
  const by = "holdfast";
  const codes = (calls: readonly Call[]): string =>
    [...Map.groupBy(calls, ({ status }) => status)].map(([status, { length }]) => `${length} × ${status}`).join(", ");
  const rateOf = ({ length }: readonly Call[]): number => length / seconds;
  const ratio = (share: number): number => at(beside.map(msOf), share) / at(alone.map(msOf), share);
  return [
    { work: "surge, capacity", by, value: most, unit: "requests/s", note: codes(capacity) },
    {
      work: `surge, ${surgeFactor} times the capacity`,
      by,
      value: rateOf(admitted),
      unit: "requests/s",
      note: codes(surge),
    },
    { work: "surge, goodput", by, value: (100 * rateOf(admitted)) / most, unit: "%", goal: { atLeast: 90 } },
    { work: "surge, p99 of admitted", by, value: at(admitted.map(msOf), 0.99), unit: "ms", goal: { atMost: 500 } },
    {
      work: "surge, others beside 500 connections of one account, median",
      by,
      value: ratio(0.5),
      unit: "x",
      goal: { atMost: 1.5 },
      note: `${at(alone.map(msOf), 0.5).toFixed(1)} ms alone, ${codes(beside)}`,
    },
    { work: "surge, the same, p95", by, value: ratio(0.95), unit: "x" },
  ];
}

interface Person {
  readonly url: URL;
  readonly token: string;
  readonly paths: readonly string[];
}

interface Call {
  readonly status: number;
  readonly ms: number;
}

const msOf = ({ ms }: Call): number => ms;

function answered(calls: readonly Call[]): Call[] {
  return calls.filter(({ status }) => status === 200);
}

async function signIn(server: ServerProcess): Promise<Person[]> {
  const administrator = await Api.signIn(server.url);
  const people: Person[] = [];
  for (let index = 0; index < accounts; index += 1) {
    const person = { email: `surge-${index}@example.com`, password: `the password of surge ${index}` };
    await ok(administrator, "POST", "/admin/users", { ...person, name: person.email });
    const api = await Api.signIn(server.url, person);
    const { body } = await api.call("POST", "/metadata", { path: "/surge", kind: "folder" });
    for (let file = 0; file < 20; file += 1) await api.put(`/surge/file-${file}`, randomBytes(1024));
    const since = (await api.call("GET", "/changes/start_token")).body.token as string;
    people.push({
      url: new URL(server.url),
      token: api.token ?? "",
      paths: [`/files/${body.id}`, `/folders/${body.id}/contents`, `/changes/list?since_token=${since}&limit=50`],
    });
  }
  return people;
}

/** Each caller sends its next request after a response, or after a short pause if it was rejected. */
async function offerAll(people: readonly Person[], each: number, seconds: number): Promise<Call[]> {
  const calls: Call[] = [];
  const endMs = performance.now() + seconds * 1000;
  const caller = async (person: Person): Promise<void> => {
    const connection = new Connection(person);
    for (let count = 0; performance.now() < endMs; count += 1) {
      const call = await connection.send(count);
      if (performance.now() < endMs) calls.push(call);
      if (call.status !== 200) await delay(1000 * (0.5 + Math.random()));
    }
    connection.close();
  };
  await Promise.all(people.flatMap((person) => Array.from({ length: each }, () => caller(person))));
  return calls;
}

async function offerAtRate(people: readonly Person[], perSecond: number, seconds: number): Promise<Call[]> {
  const calls: Call[] = [];
  const idle = await openConnections(people);
  let count = 0;
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  const send = async (): Promise<void> => {
    const person = people[count % people.length];
    count += 1;
    const connection = idle.shift();
    if (person === undefined || connection === undefined) return void calls.push(unsent);
    const call = await connection.send(count, person);
    if (performance.now() < endMs) calls.push(call);
    idle.push(connection);
  };
  const sent: Promise<void>[] = [];
  while (performance.now() < endMs) {
    const due = Math.floor(((performance.now() - startMs) / 1000) * perSecond);
    for (let left = due - count; left > 0; left -= 1) sent.push(send());
    await delay(2);
  }
  await Promise.all(sent);
  for (const connection of idle) connection.close();
  return calls;
}

/** A server accepts one connection in each turn of its event loop, so new ones would wait in the kernel's queue. */
async function openConnections([person]: readonly Person[]): Promise<Connection[]> {
  const opened: Connection[] = [];
  if (person === undefined) return opened;
  for (let count = 0; count < connectionsMax; count += 1) {
    const connection = new Connection(person);
    await connection.send(0);
    opened.push(connection);
  }
  return opened;
}

const unsent: Call = { status: 0, ms: 0 };

/** Node's client costs more CPU than the server's rejections. */
class Connection {
  readonly #person: Person;
  readonly #socket: Socket;
  #onCall: ((status: number) => void) | undefined;
  #received = Buffer.alloc(0);

  constructor(person: Person) {
    this.#person = person;
    this.#socket = connect({ host: person.url.hostname, port: Number(person.url.port), noDelay: true });
    this.#socket.on("data", (bytes: Buffer) => this.#read(bytes));
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => this.#onCall?.(0));
  }

  async send(count: number, { token, paths, url }: Person = this.#person): Promise<Call> {
    const startMs = performance.now();
    const path = paths[count % paths.length] ?? "";
    if (this.#socket.destroyed) return unsent;
    this.#socket.write(`GET /api/v1${path} HTTP/1.1\r\nhost: ${url.host}\r\nauthorization: Bearer ${token}\r\n\r\n`);
    const status = await new Promise<number>((resolve) => (this.#onCall = resolve));
    return { status, ms: performance.now() - startMs };
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = this.#received.toString("latin1", 0, end);
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    const isWhole =
      length === undefined
        ? this.#received.subarray(-5).toString("latin1") === "0\r\n\r\n"
        : this.#received.length >= end + 4 + Number(length);
    if (!isWhole) return;
    this.#received = Buffer.alloc(0);
    const onCall = this.#onCall;
    this.#onCall = undefined;
    onCall?.(Number(head.slice(9, 12)));
  }
}
