import { receivedNames } from "./received-names.ts";

// Files that another app or website sent to this app. They wait in the browser until the person has chosen a folder and
// all of them are uploaded.
//
// A parcel belongs to the account that was signed in when the parcel arrived, also if its session had expired. Other
// accounts see only the number of files. A parcel that arrived while nobody was signed in belongs to the first account
// that sees it. A sign-out deletes the parcels of the account after a question. A sign-in by another account deletes
// none.

/** Lacks the prefix of the account's caches, which end with the session. */
export const receivedCacheName = "received-files";

export interface ReceivedParcel {
  readonly id: string;
  readonly files: readonly ReceivedFile[];
}

interface ReceivedFile {
  readonly name: string;
  readonly type: string;
  readonly sizeBytes: number;
}

interface StoredParcel {
  /** Undefined: nobody was signed in. */
  readonly owner?: string | undefined;
  /** arriving: not all contents are stored. answered: a folder was chosen, but not all files are uploaded. */
  readonly state: "arriving" | "waiting" | "answered";
  readonly files: readonly ReceivedFile[];
}

export interface Received {
  /** Newest first. */
  readonly parcels: readonly ReceivedParcel[];
  /** Number of files in `parcels`. */
  readonly fileCount: number;
  /** Also counts files that a tab is uploading. */
  readonly ownCount: number;
  /** Number of files that belong to other accounts. */
  readonly othersCount: number;
}

/** A parcel that no other tab can take. */
export interface TakenParcel {
  /** Files that the browser still has. */
  readonly files: readonly File[];
  /** Deletes the parcel. */
  readonly drop: () => Promise<void>;
  /** The parcel waits again. */
  readonly putBack: () => void;
}

/** nothing: no file was shared. not_kept: the browser has no space. */
export type ReceiveProblem = "nothing" | "too_many" | "too_large" | "not_kept";

/** Limits of all parcels of one account together. */
export const receivedFilesMax = 100;
export const receivedBytesMax = 2 * 2 ** 30;
const hourMs = 60 * 60 * 1000;
/** Parcels that are deleted after this time. Answered parcels stay. */
const keptMs: Readonly<Record<StoredParcel["state"], number>> = {
  arriving: hourMs,
  waiting: 7 * 24 * hourMs,
  answered: Infinity,
};

/** Called by the service worker. Stores all of the files or none. */
export function keepReceived(files: readonly File[]): Promise<ReceiveProblem | undefined> {
  return navigator.locks.request(receivedCacheName, () => storeReceived(files));
}

async function storeReceived(files: readonly File[]): Promise<ReceiveProblem | undefined> {
  const cache = await caches.open(receivedCacheName);
  const owner = await (await cache.match(ownerKey))?.text();
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
    await dropIn(cache, id);
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

/** The next parcels belong to this account. */
export async function receiveFor(account: string): Promise<void> {
  if ("caches" in globalThis) await (await caches.open(receivedCacheName)).put(ownerKey, new Response(account));
}

/**
 * Parcels without an owner become the account's.
 * @param account undefined: nobody is signed in, so only parcels without an owner are returned
 * @returns parcels that no tab is uploading; none on plain http, where no app can share with this one
 */
export async function waitingParcels(account: string | undefined): Promise<Received> {
  const cache = await openCache();
  if (cache === undefined) return { parcels: [], fileCount: 0, ownCount: 0, othersCount: 0 };
  const { held = [] } = await navigator.locks.query();
  const taken = new Set(held.map(({ name }) => name));
  const stored = (await parcelsIn(cache)).filter(({ state }) => state !== "arriving");
  const own = stored.filter(({ owner }) => owner === undefined || owner === account);
  if (account !== undefined) {
    const unowned = own.filter(({ owner }) => owner === undefined);
    await Promise.all(unowned.map(({ id, ...parcel }) => change(cache, id, { ...parcel, owner: account })));
  }
  const parcels = own.filter(({ id }) => !taken.has(lockName(id)));
  return {
    parcels,
    fileCount: countFiles(parcels),
    ownCount: countFiles(own),
    othersCount: countFiles(stored) - countFiles(own),
  };
}

function countFiles(parcels: readonly ReceivedParcel[]): number {
  return parcels.reduce((sum, { files }) => sum + files.length, 0);
}

/**
 * The parcel stays stored until `drop`, so if the page ends during the upload, the parcel waits again.
 * @returns undefined if another tab has taken or deleted the parcel
 * @throws if the browser cannot read a file
 */
export async function takeReceived({ id }: ReceivedParcel): Promise<TakenParcel | undefined> {
  const putBack = await lock(id);
  if (putBack === undefined) return undefined;
  try {
    const cache = await caches.open(receivedCacheName);
    const parcel = await parcelIn(cache, id);
    if (parcel !== undefined) {
      await change(cache, id, { ...parcel, state: "answered" });
      const files = await filesIn(cache, id, parcel.files);
      return { files, drop: () => dropIn(cache, id).finally(putBack), putBack };
    }
  } catch (thrown) {
    putBack();
    throw thrown;
  }
  putBack();
  return undefined;
}

/** Does nothing if another tab is uploading the parcel. */
export async function discardReceived({ id }: ReceivedParcel): Promise<void> {
  const release = await lock(id);
  if (release !== undefined) await dropIn(await caches.open(receivedCacheName), id).finally(release);
}

/**
 * Waits for a parcel that is arriving.
 * @param signedOut account whose parcels are deleted; undefined: another account signed in, so all parcels stay
 */
export async function forgetReceived(signedOut: string | undefined): Promise<void> {
  if ((await openCache()) === undefined) return;
  await navigator.locks.request(receivedCacheName, async () => {
    const cache = await caches.open(receivedCacheName);
    await cache.delete(ownerKey);
    const own = signedOut === undefined ? [] : (await parcelsIn(cache)).filter(({ owner }) => owner === signedOut);
    await Promise.all(own.map(({ id }) => dropIn(cache, id)));
    if ((await cache.keys()).length === 0) await caches.delete(receivedCacheName);
  });
}

async function openCache(): Promise<Cache | undefined> {
  return "caches" in globalThis && (await caches.has(receivedCacheName)) ? caches.open(receivedCacheName) : undefined;
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

/** Also deletes old parcels, and contents without a list. @returns newest first */
async function parcelsIn(cache: Cache): Promise<readonly (StoredParcel & { readonly id: string })[]> {
  const ids = [...new Set((await pathsIn(cache)).map(idIn))].toSorted().toReversed();
  const parcels = await Promise.all(
    ids.map(async (id) => {
      const parcel = await parcelIn(cache, id);
      if (parcel !== undefined && Date.now() - Number.parseInt(id, 10) <= keptMs[parcel.state])
        return [{ id, ...parcel }];
      await dropIn(cache, id);
      return [];
    }),
  );
  return parcels.flat();
}

async function parcelIn(cache: Cache, id: string): Promise<StoredParcel | undefined> {
  return (await (await cache.match(listKey(id)))?.json()) as StoredParcel | undefined;
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
async function dropIn(cache: Cache, id: string): Promise<void> {
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
