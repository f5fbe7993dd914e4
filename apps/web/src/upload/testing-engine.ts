import { randomBytes } from "node:crypto";
import { openAsBlob } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fixedToken } from "@holdfast/api-client/access-tokens";
import { ApiClient } from "@holdfast/api-client/api-client";
import { readByIds } from "@holdfast/api-client/answer";
import { openFetchTransport } from "@holdfast/api-client/fetch-transport";
import { UploadPace } from "@holdfast/api-client/upload-pace";
import { apiServer } from "./engine/api-server.ts";
import type { WalkedEntry } from "./engine/job.ts";
import { UploadEngine } from "./engine/upload-engine.ts";
import type { JobStore } from "./store/job-store.ts";
import { bestHasher } from "../browser/hasher.ts";
import { localCutter } from "./workers/local-cutter.ts";

/** Uses Node's fetch, Blob and SubtleCrypto. */
export function nodeEngine(url: string, token: string, store: JobStore, onChange: () => void): UploadEngine {
  const random = (count: number): Uint8Array => new Uint8Array(randomBytes(count));
  const client = new ApiClient({
    transport: openFetchTransport({ server: url }),
    tokens: fixedToken(token),
    readAnswer: readByIds,
    random,
    retry: {
      clock: { nowMs: Date.now, nowMicros: () => Date.now() * 1000 },
      wait: delay,
      attemptsMax: 1,
      patienceMs: 0,
    },
  });
  return new UploadEngine({
    server: apiServer(client),
    cutter: localCutter(bestHasher(crypto.subtle)),
    store,
    pace: new UploadPace(16 * 1024 * 1024),
    nowMs: Date.now,
    wait: (delayMs, signal) => delay(delayMs, undefined, { signal }),
    random,
    onChange,
  });
}

export async function* walkFolder(folder: string): AsyncGenerator<WalkedEntry[]> {
  const waiting = [{ at: folder, path: basename(folder) }];
  for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
    const found: WalkedEntry[] = [{ kind: "folder", path: visit.path }];
    for (const { name, isFolder } of await list(visit.at)) {
      const [at, path] = [join(visit.at, name), `${visit.path}/${name}`];
      if (isFolder) waiting.push({ at, path });
      else
        found.push({ kind: "file", path, file: await openAsBlob(at), mtimeMs: Math.trunc((await stat(at)).mtimeMs) });
    }
    yield found;
  }
}

async function list(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
}
