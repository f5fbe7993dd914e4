import assert from "node:assert/strict";
import { afterEach, beforeEach, test, type TestContext } from "node:test";
import {
  discardReceived,
  forgetReceived,
  keepReceived,
  receivedBytesMax,
  receivedFilesMax,
  receiveFor,
  receiveProblem,
  takeReceived,
  waitingParcels,
} from "./received-files.ts";

/** In memory, with the methods that the parcels use. */
class TestCache {
  readonly kept = new Map<string, Blob>();
  putsLeft = Infinity;
  isReadable = true;

  async put(path: string, answer: Response): Promise<void> {
    if (this.putsLeft-- <= 0) throw new DOMException("No space", "QuotaExceededError");
    this.kept.set(path, await answer.blob());
  }
  async match(path: string): Promise<Response | undefined> {
    if (!this.isReadable && !path.endsWith("/list")) throw new DOMException("Disk failed", "UnknownError");
    const content = this.kept.get(path);
    return content === undefined ? undefined : new Response(content);
  }
  async keys(): Promise<readonly { url: string }[]> {
    return Array.from(this.kept.keys(), (path) => ({ url: `https://drive.example${path}` }));
  }
  async delete(path: string): Promise<boolean> {
    return this.kept.delete(path);
  }
}

const dayMs = 24 * 60 * 60 * 1000;

let cache: TestCache;
let hasCache: boolean;
beforeEach(() => {
  cache = new TestCache();
  hasCache = false;
  const open = async () => {
    hasCache = true;
    return cache;
  };
  const remove = async () => {
    hasCache = false;
  };
  Object.defineProperty(globalThis, "caches", {
    configurable: true,
    value: { open, has: async () => hasCache, delete: remove },
  });
});
afterEach(() => void Reflect.deleteProperty(globalThis, "caches"));

const file = (name: string, words: string) => new File([words], name, { type: "text/plain" });

async function waitingNames(account = "ann"): Promise<string[][]> {
  const { parcels } = await waitingParcels(account);
  return parcels.map(({ files }) => files.map(({ name }) => name));
}

async function firstParcel(account = "ann") {
  const { parcels } = await waitingParcels(account);
  assert.ok(parcels[0] !== undefined);
  return parcels[0];
}

async function take() {
  const taken = await takeReceived(await firstParcel());
  assert.ok(taken !== undefined);
  return taken;
}

const contentPaths = () => [...cache.kept.keys()].filter((path) => path.startsWith("/received/"));

/** Parcels of the same millisecond have no order. */
function setClock(t: TestContext): { readonly tick: (ms: number) => void } {
  t.mock.timers.enable({ apis: ["Date"], now: Date.UTC(2026, 0, 9) });
  return t.mock.timers;
}

test("parcels wait, newest first, and stay stored until they are dropped", async (t) => {
  const clock = setClock(t);
  assert.equal(await keepReceived([file("later.txt", "later")]), undefined);
  clock.tick(1);
  assert.equal(await keepReceived([file("a.txt", "first"), file("a.txt", "second")]), undefined);
  assert.deepEqual(await waitingNames(), [["a.txt", "a (2).txt"], ["later.txt"]]);
  const { files, drop } = await take();
  assert.deepEqual(await Promise.all(files.map((each) => each.text())), ["first", "second"]);
  const shared = Date.UTC(2026, 0, 9) + 1;
  assert.deepEqual(
    files.map(({ name, type, lastModified }) => [name, type, lastModified]),
    [
      ["a.txt", "text/plain", shared],
      ["a (2).txt", "text/plain", shared],
    ],
  );
  assert.deepEqual(await waitingNames(), [["later.txt"]]);
  assert.equal((await waitingParcels("ann")).ownCount, 3);
  assert.equal(contentPaths().length, 5);
  await drop();
  assert.equal(contentPaths().length, 2);
  assert.deepEqual(await waitingNames(), [["later.txt"]]);
});

test("only one tab can take or discard a parcel, and a parcel that was put back waits again", async () => {
  await keepReceived([file("a.txt", "first")]);
  const parcel = await firstParcel();
  const both = await Promise.all([takeReceived(parcel), takeReceived(parcel)]);
  assert.deepEqual(
    both.map((each) => each === undefined),
    [false, true],
  );
  await discardReceived(parcel);
  assert.deepEqual(await waitingNames(), []);
  both[0]?.putBack();
  assert.deepEqual(await waitingNames(), [["a.txt"]]);
  await discardReceived(parcel);
  assert.equal(contentPaths().length, 0);
  assert.equal(await takeReceived(parcel), undefined, "another tab has uploaded the parcel");
});

test("a parcel whose files cannot be read is not lost", async () => {
  await keepReceived([file("a.txt", "first")]);
  cache.isReadable = false;
  await assert.rejects(async () => takeReceived(await firstParcel()), { name: "UnknownError" });
  cache.isReadable = true;
  const { files } = await take();
  assert.equal(await files[0]?.text(), "first");
});

test("a parcel for which the browser has no space is deleted, and the other parcels stay", async () => {
  await keepReceived([file("a.txt", "first")]);
  cache.putsLeft = 2;
  assert.equal(await keepReceived([file("b.txt", "b"), file("c.txt", "c")]), "not_kept");
  assert.equal(contentPaths().length, 2);
  const { files } = await take();
  assert.equal(await files[0]?.text(), "first", "the full disk stops no upload");
});

test("a parcel whose arrival was interrupted counts, does not wait, and is deleted after an hour", async (t) => {
  const clock = setClock(t);
  const many = Array.from({ length: receivedFilesMax }, (_, index) => file(`${index}.txt`, "x"));
  await keepReceived(many);
  // The list is stored before the contents, and again after them.
  for (const [path, content] of cache.kept) {
    if (!path.endsWith("/list")) continue;
    cache.kept.set(path, new Blob([(await content.text()).replace('"waiting"', '"arriving"')]));
  }
  assert.deepEqual(await waitingNames(), []);
  assert.equal(await keepReceived([file("a.txt", "first")]), "too_many");
  clock.tick(dayMs / 24 + 1);
  assert.equal(await keepReceived([file("a.txt", "first")]), undefined);
  assert.equal(contentPaths().length, 2);
});

test("contents without a list are deleted", async () => {
  await keepReceived([file("a.txt", "first")]);
  for (const path of cache.kept.keys()) if (path.endsWith("/list")) cache.kept.delete(path);
  assert.deepEqual(await waitingNames(), []);
  assert.equal(cache.kept.size, 0);
});

test("a parcel is deleted after a week without a folder, but not while its upload is unfinished", async (t) => {
  const clock = setClock(t);
  await keepReceived([file("answered.txt", "first")]);
  const { putBack } = await take();
  putBack();
  clock.tick(1);
  await keepReceived([file("left.txt", "second")]);
  clock.tick(7 * dayMs);
  assert.deepEqual(await waitingNames(), [["left.txt"], ["answered.txt"]]);
  clock.tick(1);
  assert.deepEqual(await waitingNames(), [["answered.txt"]]);
  assert.equal(contentPaths().length, 2);
});

test("a parcel belongs to the account that was signed in, and a sign-out deletes no other parcels", async () => {
  await receiveFor("ann");
  await keepReceived([file("ann.txt", "first"), file("ann 2.txt", "second")]);
  await forgetReceived(undefined);
  await receiveFor("ben");
  await keepReceived([file("ben.txt", "third")]);
  const { fileCount, othersCount } = await waitingParcels("ben");
  assert.deepEqual([fileCount, othersCount], [1, 2]);
  assert.deepEqual(await waitingNames("ben"), [["ben.txt"]]);
  assert.equal((await waitingParcels(undefined)).fileCount, 0);
  await forgetReceived("ben");
  assert.deepEqual(await waitingNames("ben"), []);
  assert.deepEqual(await waitingNames("ann"), [["ann.txt", "ann 2.txt"]]);
  await forgetReceived("ann");
  assert.deepEqual([hasCache, cache.kept.size], [false, 0]);
});

test("a parcel that arrives while nobody is signed in belongs to the first account that sees it", async () => {
  await receiveFor("ann");
  await forgetReceived("ann");
  await keepReceived([file("a.txt", "first")]);
  assert.equal((await waitingParcels(undefined)).fileCount, 1);
  assert.deepEqual(await waitingNames("ben"), [["a.txt"]]);
  assert.deepEqual(await waitingNames("ann"), []);
});

test("the limits include stored parcels", () => {
  const of = (sizes: readonly number[]) => sizes.map((size) => ({ size }));
  const stored = (count: number, sizeBytes: number) => [
    { files: Array.from({ length: count }, () => ({ name: "a", type: "", sizeBytes })) },
  ];
  assert.equal(receiveProblem([], []), "nothing");
  assert.equal(receiveProblem([], of([receivedBytesMax])), undefined);
  assert.equal(receiveProblem([], of([receivedBytesMax, 1])), "too_large");
  assert.equal(receiveProblem(stored(1, receivedBytesMax), of([1])), "too_large");
  assert.equal(receiveProblem(stored(receivedFilesMax - 1, 0), of([1])), undefined);
  assert.equal(receiveProblem(stored(receivedFilesMax - 1, 0), of([1, 1])), "too_many");
});

test("without caches, as on plain http, no parcel waits", async () => {
  Reflect.deleteProperty(globalThis, "caches");
  assert.deepEqual(await waitingParcels("ann"), { parcels: [], fileCount: 0, ownCount: 0, othersCount: 0 });
  await receiveFor("ann");
  await forgetReceived("ann");
});
