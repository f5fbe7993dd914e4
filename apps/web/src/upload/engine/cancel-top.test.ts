import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { UploadPace } from "@holdfast/api-client/upload-pace";
import { HoldfastError } from "@holdfast/core/errors";
import { makeId, type NodeId, toBucket } from "@holdfast/core/ids";
import { MemoryStore } from "../store/memory-store.ts";
import { bestHasher } from "../../browser/hasher.ts";
import { localCutter } from "../workers/local-cutter.ts";
import type { Job, WalkedFile } from "./job.ts";
import { linesOf } from "./lines.ts";
import { ModelServer } from "./testing-model-server.ts";
import { UploadEngine } from "./upload-engine.ts";
import type { UploadServer } from "./upload-server.ts";

const rootId = makeId<NodeId>(toBucket(7), 1, new Uint8Array(8));
const mib = 1024 * 1024;

test("a canceled file ends immediately and is not stored; the others are", async () => {
  const upload = await begin((real) => ({
    ...real,
    // Never answers.
    putBlocks: (_, __, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error))),
  }));
  await upload.engine.add(upload.id, [file("film.mov", 3 * mib), file("a.txt", 10)]);
  await upload.when((job) => job.counts.filesDone === 1 && job.counts.bytesCut > 3 * mib);
  await upload.engine.cancelTop(upload.id, "film.mov");
  await upload.when((job) => job.counts.filesTotal === 1);
  await upload.engine.endWalk(upload.id);
  const job = await upload.when(({ isDone }) => isDone);
  assert.deepEqual(upload.names(), ["a.txt"]);
  assert.deepEqual([job.counts.bytesTotal, job.counts.bytesDurable], [10, 10]);
  assert.deepEqual(
    linesOf(job).map(({ name, isCancelled }) => [name, isCancelled]),
    [
      ["film.mov", true],
      ["a.txt", false],
    ],
  );
});

test("a canceled folder accepts no more files while its walk continues", async () => {
  const upload = await begin((real) => real);
  upload.engine.pause();
  await upload.engine.add(upload.id, [file("Trip/1.txt", 5), file("Trip/days/2.txt", 5), file("Triple.txt", 5)]);
  await upload.engine.cancelTop(upload.id, "Trip");
  await upload.engine.add(upload.id, [file("Trip/3.txt", 5), file("Trip/new/4.txt", 5)]);
  upload.engine.resume();
  await upload.engine.endWalk(upload.id);
  const job = await upload.when(({ isDone }) => isDone);
  assert.deepEqual(upload.names(), ["Triple.txt"]);
  assert.equal(job.counts.filesTotal, 1);
});

test("an upload resumed after a reload remembers canceled items, and stores them only if they are added again", async () => {
  for (const isWantedAgain of [false, true]) {
    const upload = await begin((real) => real);
    upload.engine.pause();
    await upload.engine.add(upload.id, [file("Trip/1.txt", 5), file("film.mov", 5), file("a.txt", 5)]);
    for (const name of ["Trip", "film.mov"]) await upload.engine.cancelTop(upload.id, name);
    const [record] = await upload.store.jobs();
    assert.ok(record !== undefined);
    await upload.engine.takeUp(isWantedAgain ? { ...record, cancelled: [] } : record);
    upload.engine.resume();
    await upload.engine.add(upload.id, [file("Trip/1.txt", 5), file("Trip/2.txt", 5)]);
    await upload.engine.add(upload.id, [file("film.mov", 5), file("a.txt", 5)]);
    await upload.engine.endWalk(upload.id);
    const job = await upload.when(({ isDone }) => isDone);
    const all = ["1.txt", "2.txt", "film.mov", "a.txt"];
    assert.deepEqual(new Set(upload.names()), new Set(isWantedAgain ? all : ["a.txt"]));
    assert.equal(job.counts.filesDone, isWantedAgain ? 4 : 1);
    const cancelled = linesOf(job).filter(({ isCancelled }) => isCancelled);
    assert.deepEqual(
      cancelled.map(({ name, counts }) => [name, counts.filesDone]),
      isWantedAgain ? [] : ["Trip", "film.mov"].map((name) => [name, 0]),
    );
  }
});

test("a skipped file stays skipped after a reload, by its own answer or by Skip all", async () => {
  const upload = await begin((real) => real);
  for (const name of ["one.txt", "asked.txt", "later.txt"]) await upload.put(name);
  await upload.engine.add(upload.id, [file("one.txt", 5)]);
  await upload.when(({ clashes }) => clashes.size === 1);
  await upload.engine.answerClash(upload.id, "one.txt", "skip");
  await upload.engine.add(upload.id, [file("asked.txt", 5)]);
  await upload.when(({ clashes }) => clashes.size === 1);
  await upload.engine.answerClash(upload.id, undefined, "skip");
  await upload.engine.add(upload.id, [file("later.txt", 5)]);
  await upload.when(({ counts }) => counts.filesSkipped === 3);
  const record = (await upload.store.jobs()).find(({ id }) => id === upload.id);
  assert.ok(record !== undefined);
  await upload.engine.takeUp(record);
  const files = ["one.txt", "asked.txt", "later.txt", "new.txt"].map((name) => file(name, 5));
  await upload.engine.add(upload.id, files);
  await upload.engine.endWalk(upload.id);
  const { counts } = await upload.when(({ isDone }) => isDone);
  assert.deepEqual([counts.filesTotal, counts.filesDone, counts.filesSkipped], [4, 4, 3]);
});

test("a question that arises while its item is being canceled is not asked", async () => {
  const upload = await begin((real) => real);
  await upload.put("known.txt");
  upload.store.opened = undefined;
  upload.engine.pause();
  await upload.engine.add(upload.id, [file("known.txt", 5), file("new.txt", 5)]);
  await upload.engine.endWalk(upload.id);
  const { promise, resolve } = Promise.withResolvers<void>();
  upload.store.opened = promise;
  upload.engine.resume();
  while (!upload.names().includes("new.txt")) await nextTurn();
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  await upload.engine.cancelTop(upload.id, "known.txt");
  resolve();
  const job = await upload.when(({ isDone }) => isDone);
  assert.deepEqual([job.clashes.size, job.counts.filesTotal], [0, 1]);
});

test("canceling a file that does not fit lets the others continue", async () => {
  const upload = await begin((real) => ({
    ...real,
    missingBlocks: (into, hashes, growthBytes, signal) => {
      if (growthBytes > mib) throw new HoldfastError("quota", "No space.");
      return real.missingBlocks(into, hashes, growthBytes, signal);
    },
  }));
  await upload.engine.add(upload.id, [file("film.mov", 3 * mib)]);
  while (upload.engine.stopped === undefined) await nextTurn();
  await upload.engine.add(upload.id, [file("a.txt", 10)]);
  await upload.engine.endWalk(upload.id);
  assert.deepEqual(upload.names(), []);
  await upload.engine.cancelTop(upload.id, "film.mov");
  await upload.when(({ isDone }) => isDone);
  assert.deepEqual([upload.names(), upload.engine.stopped], [["a.txt"], undefined]);
});

test("a failed file can be retried alone", async () => {
  const upload = await begin((real) => real);
  const unread = (path: string): WalkedFile => ({
    ...file(path, 0),
    isUnread: true,
    reopen: () => Promise.resolve({ file: new Blob(["now it can be read"]), mtimeMs: 2 }),
  });
  await upload.engine.add(upload.id, [unread("in/one.txt"), unread("in/two.txt")]);
  await upload.engine.endWalk(upload.id);
  await upload.when(({ problems, isSettled }) => problems.size === 2 && isSettled);
  await upload.engine.retry(upload.id, "in/one.txt");
  const job = await upload.when(({ counts }) => counts.filesDone === 1);
  assert.deepEqual([...job.problems.keys()], ["in/two.txt"]);
  assert.deepEqual(
    linesOf(job).map(({ counts, problemCount }) => [counts.filesTotal, counts.filesDone, problemCount]),
    [[2, 1, 1]],
  );
  await upload.engine.retry(upload.id, "in");
  await upload.when(({ isDone }) => isDone);
  assert.deepEqual(upload.names(), ["one.txt", "two.txt"]);
});

test("an upload does not end while an answer is being stored", async () => {
  const upload = await begin((real) => real);
  await upload.put("a.txt");
  await upload.engine.add(upload.id, [file("a.txt", 5)]);
  await upload.engine.endWalk(upload.id);
  await upload.when(({ clashes, isSettled }) => clashes.size === 1 && isSettled);
  await upload.whileStored(
    () => upload.engine.answerClash(upload.id, "a.txt", "keep"),
    (job) => assert.equal(job.isDone, false),
  );
  await upload.when(({ isDone, counts }) => isDone && counts.filesDone === 1);
  assert.equal(upload.names().length, 2);
});

test("an upload does not end while a failed file is being reopened", async () => {
  const upload = await begin((real) => real);
  const reopen = () => Promise.resolve({ file: new Blob(["now it can be read"]), mtimeMs: 2 });
  await upload.engine.add(upload.id, [{ ...file("a.txt", 0), isUnread: true, reopen }]);
  await upload.engine.endWalk(upload.id);
  await upload.when(({ problems, isSettled }) => problems.size === 1 && isSettled);
  await upload.whileStored(
    () => upload.engine.retry(upload.id),
    (job) => assert.equal(job.isDone, false),
  );
  await upload.when(({ isDone, counts }) => isDone && counts.filesDone === 1);
});

test("the hundred most relevant of many lines are shown, in the order of the drop", async () => {
  const upload = await begin((real) => real);
  upload.engine.pause();
  await upload.engine.add(
    upload.id,
    Array.from({ length: 300 }, (_, index) => file(index === 299 ? "bad\u0000name" : `${index}.txt`, 5)),
  );
  const job = await upload.when(({ problems }) => problems.size === 1);
  const names = linesOf(job).map(({ name }) => name);
  assert.deepEqual([names.length, names[0], names[98], names[99]], [100, "0.txt", "98.txt", "bad\u0000name"]);
});

function file(path: string, sizeBytes: number): WalkedFile {
  return { kind: "file", path, file: new Blob([new Uint8Array(sizeBytes).fill(path.length)]), mtimeMs: 1 };
}

class SlowStore extends MemoryStore {
  opened: Promise<void> | undefined;

  override async saveEntries(...saved: Parameters<MemoryStore["saveEntries"]>): Promise<void> {
    await this.opened;
    await super.saveEntries(...saved);
  }
}

async function begin(wrap: (server: UploadServer) => UploadServer) {
  const model = new ModelServer(rootId);
  const store = new SlowStore();
  let number = 0;
  let look = (): void => {};
  const engine = new UploadEngine({
    server: wrap({
      missingBlocks: (into, hashes) => model.missingBlocks(into, hashes),
      putBlocks: (into, frames) => model.putBlocks(into, frames),
      commit: (operations, frames) => model.commit(operations, frames),
    }),
    cutter: localCutter(bestHasher(crypto.subtle)),
    store,
    pace: new UploadPace(16 * mib),
    nowMs: () => 1_700_000_000_000,
    wait: () => nextTurn(),
    random: (count) => Uint8Array.from({ length: count }, () => (number += 7) % 256),
    onChange: () => look(),
  });
  const start = () => engine.start({ accountId: "me", folderId: rootId, name: "drop", handles: [] });
  const id = await start();
  const when = (isSo: (job: Job) => boolean): Promise<Job> =>
    new Promise((resolve) => {
      look = () => {
        const job = engine.jobs.get(id);
        if (job !== undefined && isSo(job)) resolve(job);
      };
      look();
    });
  const names = () => [...model.nodes.values()].filter(({ kind }) => kind === "file").map(({ name }) => name);
  const put = async (name: string): Promise<void> => {
    const other = await start();
    await engine.add(other, [file(name, 1)]);
    await engine.endWalk(other);
    while (engine.jobs.get(other)?.isDone === false) await nextTurn();
  };
  const whileStored = async (act: () => Promise<void>, check: (job: Job) => void): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    store.opened = promise;
    const done = act();
    await nextTurn();
    engine.resume();
    check(engine.jobs.get(id) as Job);
    resolve();
    await done;
  };
  return { engine, store, id, when, names, put, whileStored };
}
