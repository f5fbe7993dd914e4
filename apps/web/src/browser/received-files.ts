import { receivedNames } from "./received-names.ts";

// Files that another app or website sent to this app. They wait in the browser until the person has chosen a folder and
// all of them are uploaded.
//
// A parcel belongs to the account that signed in last and has not signed out, even if its session had expired. Without
// such an account, it belongs to the first account that sees it. Other accounts see only the number of files. A sign-out
// deletes the parcels of the account after a confirmation. docs/decisions/209-store-files-from-other-apps-in-the-browser.md
// has the reasons.

/** Lacks the prefix of the account's caches, which end with the session. */
export const receivedCacheName = "received-files";

export interface ReceivedParcel {
  readonly id: string;
  /** An upload to this folder has started, but not finished. */
  readonly folder?: ReceivingFolder | undefined;
  /** The parcel is deleted at this time, in Unix milliseconds, if no folder is chosen before. */
  readonly deleteMs?: number | undefined;
  readonly files: readonly ReceivedFile[];
}

export interface ReceivingFolder {
  readonly id: string;
  readonly name: string;
}

interface ReceivedFile {
  readonly name: string;
  readonly type: string;
  readonly sizeBytes: number;
}

interface StoredParcel {
  /** Undefined: nobody was signed in. */
  readonly owner?: string | undefined;
  /**
   * arriving: not all contents are stored. started: the upload has started, but not all files are uploaded. Another release
   * may have stored other values.
   */
  readonly state: "arriving" | "waiting" | "started";
  readonly folder?: ReceivingFolder | undefined;
  /** Set when the owner sees a parcel that waited longer than `waitMaxMs`. */
  readonly deleteMs?: number | undefined;
  readonly files: readonly ReceivedFile[];
}

interface FoundParcel extends StoredParcel {
  readonly id: string;
  /** A tab is uploading it. */
  readonly isClaimed: boolean;
}

export interface Received {
  /** Newest first. */
  readonly parcels: readonly ReceivedParcel[];
  readonly fileCount: number;
  /** Also counts files that a tab is uploading. */
  readonly ownCount: number;
  readonly ownIds: readonly string[];
  readonly othersCount: number;
  readonly othersIds: readonly string[];
}

/** A parcel that no other tab can claim. */
export interface ClaimedParcel {
  /** Files that the browser still has. */
  readonly files: readonly File[];
  readonly remove: () => Promise<void>;
  /** The parcel waits again. */
  readonly release: () => void;
}

/** nothing: no file was shared. not_kept: the browser has no space. */
export type ReceiveProblem = "nothing" | "too_many" | "too_large" | "not_kept";

/** Limits of all parcels of one account together. */
export const receivedFilesMax = 100;
export const receivedBytesMax = 2 * 2 ** 30;
/** A parcel that waited for this time is deleted as much later after its owner has seen it again. */
const waitMaxMs = 7 * 24 * 60 * 60 * 1000;

/** Called by the service worker. Stores all of the files or none. */
export function storeReceived(files: readonly File[]): Promise<ReceiveProblem | undefined> {
  return alone((cache) => storeIn(cache, files));
}

async function storeIn(cache: Cache, files: readonly File[]): Promise<ReceiveProblem | undefined> {
  const owner = await ownerIn(cache);
  const stored = await parcelsIn(cache);
  const problem = receiveProblem(
    stored.filter((parcel) => parcel.owner === owner),
    files,
  );
  if (problem !== undefined) return problem;
  const id = `${Date.now()}-${crypto.randomUUID()}`;
  const names = receivedNames(files.map(({ name }) => name));
  const listed = files.map(({ type, size }, index) => ({ name: names[index] ?? "", type, sizeBytes: size }));
  try {
    // Stored first, because contents without a list are deleted.
    await store(cache, id, { owner, state: "arriving", files: listed });
    for (const [index, file] of files.entries()) await cache.put(contentKey(id, index), new Response(file));
    await store(cache, id, { owner, state: "waiting", files: listed });
  } catch {
    await removeIn(cache, id);
    return "not_kept";
  }
  return undefined;
}

export function receiveProblem(
  stored: readonly Pick<ReceivedParcel, "files">[],
  files: readonly { readonly size: number }[],
): ReceiveProblem | undefined {
  if (files.length === 0) return "nothing";
  const sizes = [
    ...stored.flatMap((parcel) => parcel.files.map(({ sizeBytes }) => sizeBytes)),
    ...files.map(({ size }) => size),
  ];
  if (sizes.length > receivedFilesMax) return "too_many";
  return sizes.reduce((sum, size) => sum + size, 0) > receivedBytesMax ? "too_large" : undefined;
}

/**
 * The next parcels belong to this account.
 * @param current read late, because the session may change before the lock is free; undefined: nobody is signed in
 */
export async function receiveFor(current: () => string | undefined): Promise<void> {
  if (!("caches" in globalThis)) return;
  await alone(async (cache) => {
    const account = current();
    if (account === undefined) return;
    // Without space, the next parcels must not belong to the previous account.
    await cache.put(ownerKey, new Response(account)).catch(() => cache.delete(ownerKey));
  });
}

/**
 * Parcels without an owner become the account's. Waits for a parcel that is arriving.
 * @param account undefined: nobody is signed in, so only parcels without an owner are returned
 * @returns parcels that no tab is uploading; none on plain http, where no app can share with this one
 */
export async function waitingParcels(account: string | undefined): Promise<Received> {
  if (!(await hasCache())) return { parcels: [], fileCount: 0, ownCount: 0, ownIds: [], othersCount: 0, othersIds: [] };
  const stored = await alone(async (cache) => {
    const found = await parcelsIn(cache);
    return account === undefined ? found : Promise.all(found.map((parcel) => show(cache, parcel, account)));
  });
  const own = stored.filter(({ owner }) => isOwn(owner, account));
  const others = stored.filter((parcel) => !own.includes(parcel));
  const parcels = own.filter(({ isClaimed }) => !isClaimed);
  return {
    parcels,
    fileCount: countFiles(parcels),
    ownCount: countFiles(own),
    ownIds: own.map(({ id }) => id),
    othersCount: countFiles(others),
    othersIds: others.map(({ id }) => id),
  };
}

/** The account becomes the owner of a parcel without one. Its time ends only after it was shown to the owner. */
async function show(cache: Cache, parcel: FoundParcel, account: string): Promise<FoundParcel> {
  const { id, isClaimed, ...stored } = parcel;
  if (!isOwn(stored.owner, account)) return parcel;
  const shown = { ...stored, owner: account, deleteMs: deleteTime(id, stored) };
  if (shown.owner !== stored.owner || shown.deleteMs !== stored.deleteMs) await change(cache, id, shown);
  return { ...shown, id, isClaimed };
}

/** A clock that was wrong for a while neither deletes a parcel at its next start nor keeps it for years. */
function deleteTime(id: string, { state, deleteMs = Infinity }: StoredParcel): number | undefined {
  const nowMs = Date.now();
  if (state !== "waiting" || nowMs - Number.parseInt(id, 10) <= waitMaxMs) return undefined;
  return Math.min(deleteMs, nowMs + waitMaxMs);
}

/** A full disk may have left a parcel without an owner. */
function isOwn(owner: string | undefined, account: string | undefined): boolean {
  return owner === undefined || owner === account;
}

export function countFiles(parcels: readonly ReceivedParcel[]): number {
  return parcels.reduce((sum, { files }) => sum + files.length, 0);
}

/**
 * The parcel stays stored until `remove`, so if the page ends during the upload, the parcel waits again.
 * @returns undefined if another tab has claimed or deleted the parcel, or if it belongs to another account
 * @throws if the browser cannot read a file
 */
export async function claimReceived(
  { id }: ReceivedParcel,
  account: string | undefined,
  folder: ReceivingFolder,
): Promise<ClaimedParcel | undefined> {
  const release = await lock(id);
  if (release === undefined) return undefined;
  try {
    const files = await alone(async (cache) => {
      const parcel = await parcelIn(cache, id);
      if (parcel === undefined || !isOwn(parcel.owner, account)) return undefined;
      await change(cache, id, { ...parcel, owner: account, state: "started", folder });
      return filesIn(cache, id, parcel.files);
    });
    if (files !== undefined) return { files, remove: () => remove(id).finally(release), release };
  } catch (thrown) {
    release();
    throw thrown;
  }
  release();
  return undefined;
}

/**
 * @param owner others: parcels of other accounts, whose owners may never return to this browser
 * @returns false if a parcel stays, because another tab is uploading it or its owner is not as expected
 */
export async function discardReceived(
  ids: readonly string[],
  account: string | undefined,
  owner: "own" | "others",
): Promise<boolean> {
  const discard = (id: string) => async (held: Lock | null) =>
    held !== null &&
    alone(async (cache) => {
      const parcel = await parcelIn(cache, id);
      if (parcel !== undefined && isOwn(parcel.owner, account) !== (owner === "own")) return false;
      await removeIn(cache, id);
      return true;
    });
  const discarded = await Promise.all(
    ids.map((id) => navigator.locks.request(lockName(id), { ifAvailable: true }, discard(id))),
  );
  return discarded.every((isGone) => isGone);
}

/**
 * The next parcels no longer belong to the account.
 * @param ids parcels of the account whose deletion the person has confirmed
 */
export async function forgetReceived(signedOut: string, ids: readonly string[]): Promise<void> {
  if (!(await hasCache())) return;
  await alone(async (cache) => {
    if ((await ownerIn(cache)) === signedOut) await cache.delete(ownerKey);
    // Deletes unfinished arrivals, too.
    const stored = await parcelsIn(cache);
    const confirmed = stored.filter(({ id, owner }) => isOwn(owner, signedOut) && ids.includes(id));
    await Promise.all(confirmed.map(({ id }) => removeIn(cache, id)));
    if ((await cache.keys()).length === 0) await caches.delete(receivedCacheName);
  });
}

/** @returns parcels of all accounts, also while a tab uploads them */
export async function storedParcelIds(): Promise<ReadonlySet<string>> {
  if (!(await hasCache())) return new Set();
  return new Set((await pathsIn(await caches.open(receivedCacheName))).map(idIn));
}

async function hasCache(): Promise<boolean> {
  return "caches" in globalThis && caches.has(receivedCacheName);
}

/** Only one tab or worker changes parcels at a time, so that no change restores a deleted parcel. */
function alone<Done>(work: (cache: Cache) => Promise<Done>): Promise<Done> {
  return navigator.locks.request(receivedCacheName, async () => work(await caches.open(receivedCacheName)));
}

function remove(id: string): Promise<void> {
  return alone((cache) => removeIn(cache, id));
}

/** The browser releases the lock if the tab closes. @returns releases the lock; undefined if another tab holds it */
function lock(id: string): Promise<(() => void) | undefined> {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  return new Promise((resolve, reject) => {
    const hold = (held: Lock | null): Promise<void> | undefined => {
      resolve(held === null ? undefined : release);
      return held === null ? undefined : released;
    };
    navigator.locks.request(lockName(id), { ifAvailable: true }, hold).catch(reject);
  });
}

async function ownerIn(cache: Cache): Promise<string | undefined> {
  return (await cache.match(ownerKey))?.text();
}

/**
 * Also deletes old parcels, contents without a list, and parcels whose arrival was interrupted: a parcel that is
 * arriving has the lock.
 * @returns newest first, without parcels whose list cannot be read
 */
async function parcelsIn(cache: Cache): Promise<readonly FoundParcel[]> {
  const { held = [] } = await navigator.locks.query();
  const locks = new Set(held.map(({ name }) => name));
  const ids = [...new Set((await pathsIn(cache)).map(idIn))].toSorted().toReversed();
  const parcels = await Promise.allSettled(
    ids.map(async (id) => {
      const parcel = await parcelIn(cache, id);
      const isClaimed = locks.has(lockName(id));
      if (parcel !== undefined && (isClaimed || isKept(parcel))) return [{ ...parcel, id, isClaimed }];
      await removeIn(cache, id);
      return [];
    }),
  );
  // The next page may be able to read the others.
  return parcels.flatMap((parcel) => (parcel.status === "fulfilled" ? parcel.value : []));
}

function isKept({ state, deleteMs = Infinity }: StoredParcel): boolean {
  return state === "waiting" ? Date.now() <= deleteMs : state !== "arriving";
}

/** @throws if the list cannot be read */
async function parcelIn(cache: Cache, id: string): Promise<StoredParcel | undefined> {
  const parcel = (await (await cache.match(listKey(id)))?.json()) as StoredParcel | undefined;
  if (parcel !== undefined && !Array.isArray(parcel.files)) throw new TypeError("The list of the parcel is damaged.");
  return parcel;
}

/** A form contains no modification times, so the files receive the time of the parcel. */
async function filesIn(cache: Cache, id: string, files: readonly ReceivedFile[]): Promise<readonly File[]> {
  const lastModified = Number.parseInt(id, 10);
  const found = await Promise.all(
    files.map(async ({ name, type }, index) => {
      const content = await cache.match(contentKey(id, index));
      return content === undefined ? [] : [new File([await content.blob()], name, { type, lastModified })];
    }),
  );
  return found.flat();
}

function store(cache: Cache, id: string, parcel: StoredParcel): Promise<void> {
  return cache.put(listKey(id), Response.json(parcel));
}

/** A full disk must hide no parcel and stop no upload. The next page tries again. */
async function change(cache: Cache, id: string, parcel: StoredParcel): Promise<void> {
  await store(cache, id, parcel).catch(() => {});
}

/** Deletes the list first, so that a parcel never waits with some of its files. */
async function removeIn(cache: Cache, id: string): Promise<void> {
  await cache.delete(listKey(id));
  const contents = (await pathsIn(cache)).filter((path) => idIn(path) === id);
  await Promise.all(contents.map((path) => cache.delete(path)));
}

async function pathsIn(cache: Cache): Promise<string[]> {
  return (await cache.keys()).map(({ url }) => new URL(url).pathname).filter((path) => path.startsWith(folder));
}

const folder = "/received/";
/** Contains the account that owns the next parcels. The service worker has no other way to know it. */
const ownerKey = "/receive-for";

/** Begins with the time of the parcel, in milliseconds. */
function idIn(path: string): string {
  return path.slice(folder.length).split("/", 1)[0] ?? "";
}

function listKey(id: string): string {
  return `${folder}${id}/list`;
}

function contentKey(id: string, index: number): string {
  return `${folder}${id}/${index}`;
}

function lockName(id: string): string {
  return `received-${id}`;
}
