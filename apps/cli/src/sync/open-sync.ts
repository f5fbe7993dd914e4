import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { ensureFolderDurably } from "@holdfast/disk/write-durably";
import { markerPath } from "@holdfast/sync-ports/paths";
import { lockFolder } from "@holdfast/synced-folder/lock-folder";
import type { Connection } from "../config/connection.ts";
import { type KnownSync, newSyncFolder, readKnownSyncs, saveRecord, type SyncRecord } from "./known-syncs.ts";
import { ensureRemoteFolder } from "./remote-folder.ts";
import type { BrakeChoice } from "./sync-flags.ts";
import { checkRoot, findSync, forgetting, newRoot, prepareRoot, readMarker, refuseNested } from "./sync-root.ts";

export interface SyncChoices {
  /** Unresolved path from the command line. */
  readonly folder: string;
  /** "": the whole drive; undefined: unchanged. */
  readonly remote: string | undefined;
  readonly deviceName: string | undefined;
  readonly excludes: readonly string[];
  readonly includes: readonly string[];
  readonly freesSpace: boolean;
  /** Holdfast's own paths: always excluded, and never removed to free space. */
  readonly own: readonly string[];
  readonly brake: BrakeChoice | undefined;
  readonly limits: BandwidthLimits;
  readonly isOnce: boolean;
  readonly confirmsDeletes: boolean;
  readonly logs: boolean;
}

/** undefined: no limit. */
export interface BandwidthLimits {
  readonly upBytesPerSecond: number | undefined;
  readonly downBytesPerSecond: number | undefined;
}

export function limitsOf(
  { limit_up, limit_down }: Pick<SyncRecord, "limit_up" | "limit_down">,
  options?: BandwidthLimits,
): BandwidthLimits {
  return {
    upBytesPerSecond: options?.upBytesPerSecond ?? limit_up ?? undefined,
    downBytesPerSecond: options?.downBytesPerSecond ?? limit_down ?? undefined,
  };
}

export interface HeldRoot {
  readonly root: string;
  readonly known: KnownSync | undefined;
  release(): void;
}

/**
 * Checks that a folder can be synced before anything is created, and locks it.
 * @param reach finds the remote folder of a new root; returns true if a missing root must be created private
 * @throws HoldfastError if the folder cannot be a root, is inside another synced folder, or is locked by another
 * process; errors of `reach`
 */
export async function holdRoot(
  folder: string,
  configFolder: string,
  reach: (root: string) => Promise<boolean>,
): Promise<HeldRoot> {
  const syncs = await readKnownSyncs(configFolder);
  const path = resolve(folder);
  refuseVanished(path, syncs);
  const wanted = existsSync(path) ? await checkRoot(path, configFolder) : await newRoot(path);
  // Inside a synced folder, the other sync would upload a new folder.
  await refuseNested(wanted, syncs);
  const known = await findSync(wanted, syncs);
  await refuseEmptied(wanted, known);
  const isPrivate = known === undefined && (await reach(wanted));
  await ensureFolderDurably(nodeDisk, configFolder, { mode: 0o700 });
  const root = await prepareRoot(path, configFolder, isPrivate);
  const lock = lockFolder(root);
  return { root, known, release: () => lock.release() };
}

/** Creating a missing root again would hide its disk, which may only be unmounted. */
function refuseVanished(path: string, syncs: readonly KnownSync[]): void {
  if (existsSync(path) || !syncs.some(({ record }) => record.root === path)) return;
  const message = `${path} was synced but no longer exists: is its disk mounted? No files were changed. If it was moved, use its new path.`;
  throw new HoldfastError("failed", message);
}

/**
 * Any file written here, including a lock, would be below the mount point.
 * @throws HoldfastError failed if the marker of a synced root is missing
 */
export async function refuseEmptied(root: string, known: KnownSync | undefined): Promise<void> {
  if (known === undefined || known.record.marker === null || (await readMarker(root)) !== undefined) return;
  const message = `${root} was synced but its ${markerPath} is now missing: is its disk mounted? No files were changed. To remove that sync: ${forgetting(root)}`;
  throw new HoldfastError("failed", message);
}

export async function agreeOnSync(held: HeldRoot, connection: Connection, choices: SyncChoices): Promise<KnownSync> {
  const record = await recordFor(held, connection, choices, ensureRemoteFolder);
  const folder = held.known?.folder ?? (await newSyncFolder(connection.configFolder));
  await saveRecord(folder, record);
  return { folder, record };
}

/**
 * Checks the record against that of an earlier start.
 * @param findRemote returns the id of the remote folder
 * @throws HoldfastError failed if the root belongs to another server, account or folder; unreachable
 */
export async function recordFor(
  { root, known }: Pick<HeldRoot, "root" | "known">,
  { server, client }: Connection,
  choices: SyncChoices,
  findRemote: (client: ApiClient, path: string) => Promise<string>,
): Promise<SyncRecord> {
  const account = await client.call("getAccount");
  const before = known?.record;
  if (known !== undefined) refuseOther(root, known, account, choices);
  const remote = choices.remote ?? before?.remote ?? "";
  return {
    root,
    server,
    server_id: account.server_id,
    account_id: account.id,
    account: account.email,
    device: choices.deviceName ?? before?.device ?? (await deviceName(client)),
    remote,
    remote_id: before?.remote_id ?? (remote === "" ? account.root_id : await findRemote(client, remote)),
    brake: choices.brake === "on" ? null : (choices.brake ?? before?.brake ?? null),
    is_paused: before?.is_paused ?? false,
    limit_up: before?.limit_up ?? null,
    limit_down: before?.limit_down ?? null,
    marker: before?.marker ?? null,
  };
}

function refuseOther(
  root: string,
  { record: before }: KnownSync,
  account: { readonly server_id: string; readonly id: string; readonly email: string },
  { remote }: SyncChoices,
): void {
  const advice = `To remove that sync without changing any files: ${forgetting(root)}`;
  if (account.server_id !== before.server_id || account.id !== before.account_id) {
    const isOther = account.server_id !== before.server_id;
    const [thatServer, here] = isOther
      ? [` (server ${before.server_id})`, `on the server ${account.server_id}`]
      : ["", "here"];
    const message = `${isOther ? "A different server answers: " : ""}${root} is synced with ${before.account} at ${before.server}${thatServer}, not with ${account.email} ${here}. No files were changed. ${advice}`;
    throw new HoldfastError("failed", message);
  }
  if (remote !== undefined && remote !== before.remote) {
    const message = `${root} is synced with ${before.remote === "" ? "the whole drive" : before.remote}, not with ${remote === "" ? "the whole drive" : remote}. ${advice}`;
    throw new HoldfastError("failed", message);
  }
}

/** A personal access token has no device and may not list devices. */
async function deviceName(client: ApiClient): Promise<string> {
  try {
    const { items } = await client.call("listDevices");
    return items.find(({ current }) => current)?.name ?? hostname();
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.code === "forbidden") return hostname();
    throw thrown;
  }
}
