import { readByIds } from "@holdfast/api-client/answer";
import { ApiClient } from "@holdfast/api-client/api-client";
import { openFetchTransport } from "@holdfast/api-client/fetch-transport";
import { UploadPace } from "@holdfast/api-client/upload-pace";
import { wait } from "../../browser/wait.ts";
import { apiServer } from "../engine/api-server.ts";
import type { WalkedEntry } from "../engine/job.ts";
import { Snapshots, type UploadsSnapshot } from "../engine/snapshot.ts";
import { UploadEngine } from "../engine/upload-engine.ts";
import { openJobStore } from "../store/indexed-store.ts";
import type { ClashChoice, JobRecord } from "../store/job-store.ts";
import { MemoryStore } from "../store/memory-store.ts";
import { connect, type Port } from "./calls.ts";
// oxlint-disable-next-line import/default -- Vite answers with the address of the script
import cutAddress from "./cut.worker.ts?worker&url";
import { cutWorkers } from "./cut-workers.ts";

export type PageHandlers = {
  readonly token: () => Promise<string>;
  readonly renewToken: (refused: string) => Promise<string | undefined>;
  readonly reopen: (jobId: string, path: string) => Promise<{ file: Blob; mtimeMs: number }>;
  readonly show: (snapshot: UploadsSnapshot) => void;
};

/** Smooth progress. */
const showEveryMs = 250;
const idleShowMs = 1000;
const requestBytesMax = 16 * 1024 * 1024;
/** The browser reports no progress within a request, so that of a slow connection is unknown until its end. */
const firstRequestBytes = 1024 * 1024;
const workersMax = 4;

const nowMs = (): number => Date.now();
const random = (lengthBytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(lengthBytes));

const handlers = {
  start: async (record: Omit<JobRecord, "id" | "createdMs" | "isWalked">) => (await opened).start(record),
  takeUp: async (record: JobRecord) => (await opened).takeUp(record),
  add: async (jobId: string, entries: readonly WalkedEntry[]) => {
    const openable = entries.map((entry) =>
      entry.kind === "folder" ? entry : { ...entry, reopen: () => page.reopen(jobId, entry.path) },
    );
    await (await opened).add(jobId, openable);
  },
  endWalk: async (jobId: string) => (await opened).endWalk(jobId),
  pause: async () => (await opened).pause(),
  resume: async () => (await opened).resume(),
  cancel: async (jobId: string) => (await opened).cancel(jobId),
  cancelTop: async (jobId: string, name: string) => (await opened).cancelTop(jobId, name),
  retry: async (jobId: string, path?: string) => (await opened).retry(jobId, path),
  retarget: async (jobId: string, folderId: string) => (await opened).retarget(jobId, folderId),
  answerClash: async (jobId: string, path: string | undefined, choice: ClashChoice) =>
    (await opened).answerClash(jobId, path, choice),
  /** @param bytesPerSecond undefined: unlimited */
  setLimit: async (bytesPerSecond: number | undefined) => {
    (await opened).work.limit.bytesPerSecond = bytesPerSecond;
  },
  wakeUp: async () => (await opened).work.patience.wakeUp(),
};
export type UploadHandlers = typeof handlers;

const page = connect<PageHandlers>(globalThis as unknown as Port, handlers);
const opened = open();

async function open(): Promise<UploadEngine> {
  // The worker's name selects the store, because the first job may be the first message.
  const store = self.name === "in_memory" ? new MemoryStore() : await openJobStore();
  let isShowing = false;
  const showSoon = (delayMs: number): void => {
    if (isShowing) return;
    isShowing = true;
    setTimeout(show, delayMs);
  };
  const engine = new UploadEngine({
    server: apiServer(openClient()),
    cutter: cutWorkers(Array.from({ length: cutterCount() }, () => new Worker(cutAddress, { type: "module" }))),
    store,
    pace: new UploadPace(requestBytesMax, firstRequestBytes),
    nowMs,
    wait,
    random,
    onChange: () => showSoon(showEveryMs),
  });
  const snapshots = new Snapshots(engine, nowMs);
  const show = (): void => {
    isShowing = false;
    void page.show(snapshots.take());
    // Rate and remaining time still change.
    if (engine.jobs.size > snapshots.endedCount) showSoon(idleShowMs);
  };
  return engine;
}

/** One core stays free. */
function cutterCount(): number {
  return Math.min(Math.max(navigator.hardwareConcurrency - 1, 1), workersMax);
}

function openClient(): ApiClient {
  return new ApiClient({
    transport: openFetchTransport({ server: "" }),
    tokens: { current: () => page.token(), renew: (refused) => page.renewToken(refused) },
    random,
    // The engine retries and shows the waiting time.
    retry: { clock: { nowMs, nowMicros: () => nowMs() * 1000 }, wait, attemptsMax: 1, patienceMs: 0 },
    readAnswer: readByIds,
  });
}
