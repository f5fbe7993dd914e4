import assert from "node:assert/strict";
import { afterEach, beforeEach, test, type TestContext } from "node:test";
import {
  discardReceived,
  forgetReceived,
  storeReceived,
  receivedBytesMax,
  type ReceivedParcel,
  receivedFilesMax,
  receiveFor,
  receiveProblem,
  storedParcelIds,
  claimReceived,
  waitingParcels,
} from "./received-files.ts";

/** In memory, with the methods that the parcels use. */
class TestCache {
  readonly kept = new Map<string, Blob>();
  putsLeft = Infinity;
  isReadable = true;
  beforePut: () => Promise<void> = async () => {};

  async put(path: string, answer: Response): Promise<void> {
    if (this.putsLeft-- <= 0) throw new DOMException("No space", "QuotaExceededError");
    await this.beforePut();
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

async function claim() {
  const claimed = await claimReceived(await firstParcel(), "ann", folder);
  assert.ok(claimed !== undefined);
  return claimed;
}

const folder = { id: "folder 1", name: "Letters" };

const discard = ({ id }: ReceivedParcel, account = "ann") => discardReceived([id], account, "own");

async function rewriteLists(change: (list: string) => string): Promise<void> {
  for (const [path, content] of cache.kept)
    if (path.endsWith("/list")) cache.kept.set(path, new Blob([change(await content.text())]));
}

const signIn = (account: string) => receiveFor(() => account);

async function signOut(account: string): Promise<void> {
  const { ownIds } = await waitingParcels(account);
  await forgetReceived(account, ownIds);
}

const contentPaths = () => [...cache.kept.keys()].filter((path) => path.startsWith("/received/"));

/** Parcels of the same millisecond have no order. */
function setClock(t: TestContext): Pick<TestContext["mock"]["timers"], "tick" | "setTime"> {
  t.mock.timers.enable({ apis: ["Date"], now: Date.UTC(2026, 0, 9) });
  return t.mock.timers;
}

test("parcels wait, newest first, and stay stored until they are removed", async (t) => {
  const clock = setClock(t);
  assert.equal(await storeReceived([file("later.txt", "later")]), undefined);
  clock.tick(1);
  assert.equal(await storeReceived([file("a.txt", "first"), file("a.txt", "second")]), undefined);
  assert.deepEqual(await waitingNames(), [["a.txt", "a (2).txt"], ["later.txt"]]);
  const { files, remove } = await claim();
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
  await remove();
  assert.equal(contentPaths().length, 2);
  assert.deepEqual(await waitingNames(), [["later.txt"]]);
});

test("only one tab can claim or discard a parcel, and a released parcel waits again", async () => {
  await storeReceived([file("a.txt", "first")]);
  const parcel = await firstParcel();
  const both = await Promise.all([claimReceived(parcel, "ann", folder), claimReceived(parcel, "ann", folder)]);
  assert.deepEqual(
    both.map((each) => each === undefined),
    [false, true],
  );
  await discard(parcel);
  assert.deepEqual(await waitingNames(), []);
  assert.deepEqual([...(await storedParcelIds())], [parcel.id]);
  both[0]?.release();
  assert.deepEqual(await waitingNames(), [["a.txt"]]);
  assert.deepEqual((await firstParcel()).folder, folder);
  await discard(parcel);
  assert.equal(contentPaths().length, 0);
  assert.equal(await claimReceived(parcel, "ann", folder), undefined, "another tab has uploaded the parcel");
});

test("a parcel whose files cannot be read is not lost", async () => {
  await storeReceived([file("a.txt", "first")]);
  cache.isReadable = false;
  await assert.rejects(claim, { name: "UnknownError" });
  cache.isReadable = true;
  const { files } = await claim();
  assert.equal(await files[0]?.text(), "first");
});

test("a parcel for which the browser has no space is deleted, and the other parcels stay", async () => {
  await storeReceived([file("a.txt", "first")]);
  cache.putsLeft = 2;
  assert.equal(await storeReceived([file("b.txt", "b"), file("c.txt", "c")]), "not_kept");
  assert.equal(contentPaths().length, 2);
  const { files } = await claim();
  assert.equal(await files[0]?.text(), "first", "the full disk stops no upload");
});

test("a parcel whose arrival was interrupted is deleted before the next parcel is counted", async () => {
  const many = Array.from({ length: receivedFilesMax }, (_, index) => file(`${index}.txt`, "x"));
  await storeReceived(many);
  // The list is stored before the contents, and again after them.
  await rewriteLists((list) => list.replace('"waiting"', '"arriving"'));
  assert.equal(await storeReceived([file("a.txt", "first")]), undefined);
  assert.deepEqual(await waitingNames(), [["a.txt"]]);
  assert.equal(contentPaths().length, 2);
});

test("a damaged list hides only its own parcel and is not deleted", async (t) => {
  const clock = setClock(t);
  await storeReceived([file("a.txt", "first")]);
  for (const damaged of ["{", "null", "{}"]) {
    await rewriteLists(() => damaged);
    clock.tick(1);
    await storeReceived([file("b.txt", "second")]);
    assert.deepEqual(await waitingNames(), [["b.txt"]], damaged);
    await discard(await firstParcel());
  }
  assert.equal(contentPaths().length, 2);
});

test("a parcel with a state of another release is kept", async (t) => {
  const clock = setClock(t);
  await storeReceived([file("a.txt", "first")]);
  await rewriteLists((list) => list.replace('"waiting"', '"newer"'));
  clock.tick(30 * dayMs);
  assert.deepEqual(await waitingNames(), [["a.txt"]]);
});

test("a parcel that is discarded in one tab while another tab sets its owner does not return", async () => {
  await storeReceived([file("a.txt", "first")]);
  const { parcels } = await waitingParcels(undefined);
  assert.ok(parcels[0] !== undefined);
  const owned = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  cache.beforePut = () => {
    owned.resolve();
    return gate.promise;
  };
  const seen = waitingParcels("ann");
  await owned.promise;
  const discarded = discard(parcels[0]);
  await new Promise(setImmediate);
  gate.resolve();
  await Promise.all([seen, discarded]);
  assert.equal(contentPaths().length, 0);
});

test("contents without a list are deleted", async () => {
  await storeReceived([file("a.txt", "first")]);
  for (const path of cache.kept.keys()) if (path.endsWith("/list")) cache.kept.delete(path);
  assert.deepEqual(await waitingNames(), []);
  assert.equal(cache.kept.size, 0);
});

test("a parcel without a folder is deleted a week after its owner has seen the date, but not while its upload is unfinished", async (t) => {
  const clock = setClock(t);
  await signIn("ann");
  await storeReceived([file("started.txt", "first")]);
  const { release } = await claim();
  release();
  clock.tick(1);
  await storeReceived([file("left.txt", "second")]);
  const leftMs = Date.now();
  clock.tick(7 * dayMs);
  assert.equal((await firstParcel()).deleteMs, undefined);
  clock.tick(30 * dayMs);
  await waitingParcels("ben");
  const { parcels } = await waitingParcels("ann");
  const deleteMs = leftMs + 44 * dayMs;
  assert.deepEqual(
    parcels.map((each) => each.deleteMs),
    [deleteMs, undefined],
  );
  clock.tick(7 * dayMs);
  assert.equal((await firstParcel()).deleteMs, deleteMs);
  const claimed = await claim();
  await claimed.remove();
  await storeReceived([file("next.txt", "third")]);
  clock.tick(7 * dayMs + 1);
  await firstParcel();
  clock.tick(7 * dayMs);
  assert.deepEqual(await waitingNames(), [["next.txt"], ["started.txt"]]);
  clock.tick(1);
  assert.deepEqual(await waitingNames(), [["started.txt"]]);
  assert.equal(contentPaths().length, 2);
});

test("a clock that is ahead for a while deletes no parcel", async (t) => {
  const clock = setClock(t);
  const right = Date.now();
  await storeReceived([file("a.txt", "first")]);
  clock.setTime(right + 400 * dayMs);
  await storeReceived([file("b.txt", "second")]);
  assert.deepEqual(await waitingNames(), [["b.txt"], ["a.txt"]]);
  clock.setTime(right + 8 * dayMs);
  const { parcels } = await waitingParcels("ann");
  assert.equal(parcels[1]?.deleteMs, right + 15 * dayMs);
  clock.setTime(right + dayMs);
  assert.deepEqual(
    (await waitingParcels("ann")).parcels.map(({ deleteMs }) => deleteMs),
    [undefined, undefined],
  );
});

test("a parcel is not deleted while its upload runs, even if the browser could not store its state", async (t) => {
  const clock = setClock(t);
  await storeReceived([file("a.txt", "first")]);
  clock.tick(8 * dayMs);
  await firstParcel();
  cache.putsLeft = 0;
  const { release } = await claim();
  clock.tick(8 * dayMs);
  assert.deepEqual(await waitingNames(), []);
  assert.equal(contentPaths().length, 2);
  release();
  assert.deepEqual(await waitingNames(), []);
  assert.equal(contentPaths().length, 0);
});

test("a parcel belongs to the account that was signed in, and a sign-out deletes no other parcels", async () => {
  await signIn("ann");
  await storeReceived([file("ann.txt", "first"), file("ann 2.txt", "second")]);
  await signIn("ben");
  await storeReceived([file("ben.txt", "third")]);
  const { fileCount, othersCount } = await waitingParcels("ben");
  assert.deepEqual([fileCount, othersCount], [1, 2]);
  assert.deepEqual(await waitingNames("ben"), [["ben.txt"]]);
  assert.equal((await waitingParcels(undefined)).fileCount, 0);
  assert.equal(await claimReceived(await firstParcel(), "ben", folder), undefined);
  await signOut("ben");
  assert.deepEqual(await waitingNames("ben"), []);
  assert.deepEqual(await waitingNames("ann"), [["ann.txt", "ann 2.txt"]]);
  await signOut("ann");
  assert.deepEqual([hasCache, cache.kept.size], [false, 0]);
});

test("an account discards parcels of other accounts only if it asks for that, and not while they are uploaded", async () => {
  await signIn("ann");
  await storeReceived([file("a.txt", "first"), file("b.txt", "second")]);
  const parcel = await firstParcel();
  const { release } = await claim();
  const { othersIds } = await waitingParcels("ben");
  assert.deepEqual(othersIds, [parcel.id]);
  assert.equal(await discardReceived(othersIds, "ben", "others"), false);
  release();
  assert.equal(await discard(parcel, "ben"), false, "the page shows parcels of the account before");
  assert.equal(await discardReceived([parcel.id], "ann", "others"), false);
  assert.deepEqual(await waitingNames(), [["a.txt", "b.txt"]]);
  assert.equal(await discardReceived(othersIds, "ben", "others"), true);
  assert.equal(contentPaths().length, 0);
});

test("a sign-out deletes only the parcels that the person confirmed, and not the next account", async () => {
  await signIn("ann");
  await storeReceived([file("a.txt", "first")]);
  const { ownIds } = await waitingParcels("ann");
  await storeReceived([file("later.txt", "second")]);
  await signIn("ben");
  await forgetReceived("ann", ownIds);
  assert.deepEqual(await waitingNames("ann"), [["later.txt"]]);
  await storeReceived([file("ben.txt", "third")]);
  assert.deepEqual(await waitingNames("ben"), [["ben.txt"]]);
});

test("a sign-in that ended early or could not be stored for lack of space receives no parcels", async () => {
  await signIn("ann");
  await receiveFor(() => undefined);
  await storeReceived([file("ann.txt", "first")]);
  cache.putsLeft = 0;
  await signIn("ben");
  cache.putsLeft = Infinity;
  await storeReceived([file("next.txt", "second")]);
  assert.deepEqual(await waitingNames("ben"), [["next.txt"]]);
  assert.deepEqual(await waitingNames("ann"), [["ann.txt"]]);
});

test("a parcel that arrives while no account is signed in belongs to the first account that sees it", async () => {
  await signIn("ann");
  await signOut("ann");
  await storeReceived([file("a.txt", "first")]);
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
  assert.deepEqual(await waitingParcels("ann"), {
    parcels: [],
    fileCount: 0,
    ownCount: 0,
    ownIds: [],
    othersCount: 0,
    othersIds: [],
  });
  await signIn("ann");
  await forgetReceived("ann", []);
});
