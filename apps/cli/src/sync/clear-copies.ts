import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { startCodecPool } from "@holdfast/codec/pool";
import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, makeId, type NodeId } from "@holdfast/core/ids";
import { clearingWords } from "@holdfast/protocol/clearing-proof";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import {
  clearCopies,
  type Cleared,
  type ClearingParts,
  type ClearingProgress,
} from "@holdfast/sync/loop/engine/clear-copies";
import type { ContentKey } from "@holdfast/sync/model/trees";
import { withUnstableInodes } from "@holdfast/sync/loop/access/unstable-inodes";
import type { Server } from "@holdfast/sync-ports/ports";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { lockFolder } from "@holdfast/synced-folder/lock-folder";
import { openSyncedFolder } from "@holdfast/synced-folder/open-synced-folder";
import { probeFolder } from "@holdfast/synced-folder/probe-folder";
import type { Run } from "../invocation/run.ts";
import { openClient, thisConfigFolder } from "../config/connection.ts";
import { type Login, SavedLogin } from "../config/saved-login.ts";
import { count, formatNumber } from "../output/text.ts";
import { readCleared, saveCleared } from "./cleared-folders.ts";
import { markClearing, unmarkClearing } from "./clearing-marker.ts";
import { stateName } from "./client-engine.ts";
import { forgetHeld } from "./forget-sync.ts";
import { type KnownSync, readKnownSyncs } from "./known-syncs.ts";
import { openPathsBelow } from "./open-files.ts";
import { missingFeaturesOf } from "./root-abilities.ts";

type Order = RouteAnswer<(typeof routes)["readClearing"]>;

/**
 * Clears the device after its login has ended, if the account ordered it: copies of files that the server has, then the
 * syncs and the login. May be killed and repeated: the order stays until completion is reported.
 * @param heldRoot root that this process has locked
 * @param onAsked called before the clearing starts
 */
export async function clearIfAsked(run: Run, heldRoot: string | undefined, onAsked: () => void): Promise<void> {
  const configFolder = thisConfigFolder(run.context.environment);
  const saved = new SavedLogin(configFolder);
  const login = await saved.read();
  const secret = login?.deviceSecret;
  if (login === undefined || secret === undefined) return;
  const client = openClient(login.server, { trust: login.trust });
  try {
    const order = await client.call("readClearing", { body: { device_secret: secret } }).catch(unlessCodes);
    if (order === undefined || !isProved(order, login)) return;
    onAsked();
    run.output.note("sync: your account asked this device to remove its copies of files that the server has");
    const onServer = askServer(client, secret);
    const left = await clearAll(run, configFolder, { order, login, heldRoot, onServer });
    if (left.length > 0) return run.output.note(`sync: not cleared yet: ${left.join(", ")}`);
    const cleared = (await readCleared(configFolder)).filter(({ device_id: id }) => id === order.device_id);
    const sum = (of: "removed" | "kept"): number => cleared.reduce((all, each) => all + each[of], 0);
    const body = { device_secret: secret, removed: sum("removed"), kept: sum("kept") };
    await client.call("reportClearing", { body }).catch(unlessGone);
    await saved.update((stored) => Promise.resolve(stored?.deviceId === order.device_id ? undefined : stored));
  } finally {
    await client.close();
  }
}

/** No order, or no usable response, also from a server that is too old. */
function unlessCodes(thrown: unknown): undefined {
  if (!(thrown instanceof HoldfastError)) throw thrown;
  return undefined;
}

function unlessGone(thrown: unknown): void {
  if (!(thrown instanceof HoldfastError) || thrown.code !== "not_found") throw thrown;
}

/** The proof uses the device secret, so that an impostor of the server cannot order a clearing. */
function isProved(order: Order, { deviceId, deviceSecret }: Login): boolean {
  if (order.device_id !== deviceId || deviceSecret === undefined) return false;
  const proof = Buffer.from(createHmac("sha256", deviceSecret).update(clearingWords(order)).digest("base64url"));
  const given = Buffer.from(order.proof);
  return given.length === proof.length && timingSafeEqual(given, proof);
}

type OnServer = ClearingParts["onServer"];

/** Returns content ids that the server has. A server that does not respond or is too old confirms nothing. */
function askServer(client: ApiClient, secret: string): OnServer {
  return async (contents) => {
    const body = { device_secret: secret, content_ids: [...contents] };
    const answer = await client.call("queryClearing", { body }).catch(unlessCodes);
    return new Set(answer?.known as ContentKey[] | undefined);
  };
}

interface Asked {
  readonly onServer: OnServer;
  readonly order: Order;
  readonly login: Login;
  readonly heldRoot: string | undefined;
}

/** @returns roots to clear later: locked elsewhere, on an unmounted disk, or with unsettled changes */
async function clearAll(run: Run, configFolder: string, { heldRoot, ...asked }: Asked): Promise<string[]> {
  const { order } = asked;
  const saved = new SavedLogin(configFolder);
  const left: string[] = [];
  for (const sync of await readKnownSyncs(configFolder)) {
    const { root, server_id: serverId, account_id: accountId } = sync.record;
    if (serverId !== order.server_id || accountId !== order.account_id) continue;
    // A new sign-in syncs the folder again.
    if ((await saved.read())?.deviceId !== order.device_id) return [...left, root];
    if (!(await clearOne(run, configFolder, { ...asked, sync, isHeld: root === heldRoot }))) left.push(root);
  }
  return left;
}

interface One extends Omit<Asked, "heldRoot"> {
  readonly sync: KnownSync;
  readonly isHeld: boolean;
}

async function clearOne(run: Run, configFolder: string, one: One): Promise<boolean> {
  const { sync, login, isHeld } = one;
  const { root, account, server } = sync.record;
  let lock;
  try {
    lock = isHeld ? undefined : lockFolder(root);
    await markClearing(sync.folder);
    const { isWhole, ...cleared } = await clearFolder(one, progressOf(run, root));
    if (!isWhole) return false;
    const at = new Date().toISOString();
    const { removed, kept, keptInTrash: kept_in_trash, keptPaths: kept_paths } = cleared;
    const facts = { device_id: login.deviceId, root, server, account, at, removed, kept, kept_in_trash, kept_paths };
    await saveCleared(configFolder, facts);
    await forgetHeld(root, [sync]);
    run.output.note(`sync: ${root}: ${count(removed, "file")} removed${staysLine(kept, kept_in_trash)}`);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    run.output.say(`sync: ${root}: ${thrown.message}`);
    return false;
  } finally {
    if (lock !== undefined || isHeld) await unmarkClearing(sync.folder);
    lock?.release();
  }
}

function staysLine(kept: number, inTrash: number): string {
  if (kept === 0) return "";
  const reasons = [
    ...(kept > inTrash
      ? [`${formatNumber(kept - inTrash)} changed here, not sent, not synced, or deleted on the server only`]
      : []),
    ...(inTrash > 0 ? [`${formatNumber(inTrash)} in .holdfast/trash with content that the server may not have`] : []),
  ];
  return `; ${count(kept, "file")} ${kept === 1 ? "stays" : "stay"} (${reasons.join(", ")}): 'holdfast status' lists them`;
}

const progressMs = 5000;

function progressOf(run: Run, root: string): (progress: ClearingProgress) => void {
  let reportedAtMs = Date.now();
  return ({ step, files }) => {
    if (Date.now() - reportedAtMs < progressMs) return;
    reportedAtMs = Date.now();
    run.output.note(`sync: ${root}: ${count(files, "file")} ${step} so far`);
  };
}

/** The state contains the last agreed content, so the server is asked only about the local trash. */
async function clearFolder(
  { sync: { folder, record }, order: { epoch }, onServer }: One,
  onProgress: (progress: ClearingProgress) => void,
): Promise<Cleared> {
  const missingFeatures = missingFeaturesOf(probeFolder(record.root));
  const pool = startCodecPool();
  const database = new DatabaseSync(join(folder, stateName));
  const random = (sizeBytes: number): Uint8Array => randomBytes(sizeBytes);
  try {
    const state = new SyncState(database, record.remote_id as NodeId);
    const disk = openSyncedFolder(record.root, { pool });
    return await clearCopies({
      epoch,
      disk: missingFeatures.has("stable inodes") ? withUnstableInodes(disk, random) : disk,
      server: nobody,
      state,
      random,
      device: record.device,
      nowMs: () => Date.now(),
      makeNodeId: (beside = state.rootId) => makeId<NodeId>(bucketOf(beside), Date.now(), random(8)),
      missingFeatures,
      unrecordedChanges: { arePossible: true },
      filesystem: { device: undefined },
      identity: { serverId: record.server_id, accountId: record.account_id },
      sleep: (durationMs) => delay(durationMs),
      openPaths: () => openPathsBelow(record.root),
      onServer,
      onProgress,
    });
  } finally {
    database.close();
    await pool.close();
  }
}

/** Never called, because the device has no access. */
const nobody = new Proxy({} as Server, {
  get: () => () => Promise.reject(new HoldfastError("unauthenticated", "This device was signed out.")),
});
