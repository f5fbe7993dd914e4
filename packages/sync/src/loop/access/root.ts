import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { z } from "zod";
import type { ExecutionContext } from "../../execute/execution-context.ts";
import { selfAndAncestors } from "../../model/tree-paths.ts";
import { markerPath, ownFolder } from "@holdfast/sync-ports/paths";
import type { Identity, LocalStat } from "@holdfast/sync-ports/ports";
import { addNotice } from "../../state/notices.ts";
import { foreignGeneration } from "../../state/foreign-generation.ts";
import type { StateChange } from "../../state/sync-state.ts";
import { type Adoption, otherGeneration } from "../../execute/generation.ts";

const markerBytesMax = 4096;

/** Content of `.holdfast/root.json`; the state stores the same text. */
const marker = z.object({
  id: z.string().min(1),
  server_id: z.string(),
  account_id: z.string(),
  remote_root_id: z.string(),
});
type Marker = z.infer<typeof marker>;

/** The folder, server or account is not the known one. An unmounted disk looks the same. */
export class RootMismatch extends HoldfastError {
  constructor(message: string) {
    super("failed", `${message} No files were changed.`);
  }
}

/** The folder's disk is not mounted or fails. The engine retries. */
export class RootAway extends HoldfastError {
  constructor(cause: HoldfastError) {
    super(cause.code, cause.message, { cause });
  }
}

/** Runs an action that never fails for an available folder. @throws RootAway */
export async function atRoot<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof HoldfastError && error.retryable ? new RootAway(error) : error;
  }
}

type RootParts = Pick<
  ExecutionContext,
  "disk" | "state" | "random" | "missingFeatures" | "filesystem" | "nowMs" | "makeNodeId"
> & {
  readonly identity: Identity;
};

/**
 * Checks the root's marker. Folder and state have the same random id, and both name their server, account and folder.
 * Only an unused folder and an unused state may start together. Records the root's filesystem.
 * @throws RootMismatch, RootAway
 */
export async function checkRoot(parts: RootParts): Promise<void> {
  const { disk, state, identity, filesystem } = parts;
  const known = parse(state.setting("marker"));
  if (known !== undefined) checkOwner(known, identity, state.rootId, "The sync state of this folder");
  const there = await atRoot(() => disk.stat(markerPath));
  if (there === undefined) {
    if (known !== undefined) {
      throw new RootMismatch(
        `The folder no longer has its ${markerPath}: its disk is not mounted, or the folder was replaced.`,
      );
    }
    return begin(parts);
  }
  filesystem.device = there.device;
  const text = Buffer.from(await disk.readAt(markerPath, 0, markerBytesMax)).toString();
  const found = parse(text);
  if (found === undefined) throw new RootMismatch(`${markerPath} cannot be read.`);
  checkOwner(found, identity, state.rootId, "This folder");
  if (known?.id === found.id) return forgetOther(parts, there);
  // A run stopped between both writes leaves a marker only. A used state belongs to another folder.
  if (known !== undefined || state.local.size > 0 || state.cursor !== undefined) {
    throw new RootMismatch("This is not the folder that was synced here before.");
  }
  // A lost state knew the mounts, which are restored from the folder.
  const { shares = [], local = [] } = (await atRoot(() => otherGeneration(parts))) ?? {};
  const settings = [["marker", text] as const, ["marker file", fileOf(there)] as const];
  state.commit({ shares, local, settings });
}

type Forgetting = Pick<RootParts, "disk" | "state" | "missingFeatures" | "nowMs" | "makeNodeId">;

/**
 * Forgets the base and reports it if the folder is a copy or has another generation than the state.
 * @param there the folder's marker
 * @throws RootAway
 */
export async function forgetOther(parts: Forgetting, there: LocalStat): Promise<void> {
  // Without stable inodes, a copy cannot be distinguished.
  if (!parts.missingFeatures.has("stable inodes")) checkCopy(parts, there);
  const other = await atRoot(() => otherGeneration(parts));
  if (other !== undefined) forgetBase(parts, other);
}

/**
 * A copied or restored folder has its marker in another file. Its missing files were not deleted, and its content may
 * be old, so it is merged with the server like a new folder.
 */
function checkCopy(parts: Forgetting, there: LocalStat): void {
  const file = fileOf(there);
  const known = parts.state.setting("marker file");
  if (known === undefined) parts.state.commit({ settings: [["marker file", file]] });
  else if (known !== file) forgetBase(parts, { settings: [["marker file", file]], shares: [], local: [] });
}

function forgetBase({ state, nowMs }: Forgetting, { settings, shares, local }: Adoption): void {
  addNotice(state, { atMs: nowMs(), path: "", code: "merged_again", counts: [] });
  const rows = forgotten(state);
  state.commit({
    ...rows,
    local: [...rows.local, ...local],
    shares,
    settings: [...foreignGeneration.settings, ...settings],
  });
}

/**
 * Keeps parked and stashed items, and the folders of mounts and above: files of an ended share must not count as new
 * files of this account.
 */
function forgotten(state: ExecutionContext["state"]): StateChange & Required<Pick<StateChange, "local">> {
  const none = <Key>(keys: Iterable<Key>): (readonly [Key, undefined])[] => [...keys].map((key) => [key, undefined]);
  const mounts = new Set(state.shares.keys().flatMap((mount) => selfAndAncestors(state, mount)));
  return {
    local: none(state.local.keys().filter((id) => !mounts.has(id))),
    synced: none(state.synced.keys()),
    intents: none(state.intents.keys()),
    dormant: none(state.dormant.keys()),
    offers: state.offers.map(({ operationId }) => [operationId, undefined] as const),
  };
}

/** Both values survive a rename, restart and power failure, but not a copy. */
function fileOf({ fingerprint: { inode, birthNs } }: LocalStat): string {
  return `${inode} ${birthNs}`;
}

async function begin({ disk, state, random, identity, filesystem }: RootParts): Promise<void> {
  const made: Marker = {
    id: Buffer.from(random(16)).toString("hex"),
    server_id: identity.serverId,
    account_id: identity.accountId,
    remote_root_id: state.rootId,
  };
  const text = JSON.stringify(made);
  const bytes = Buffer.from(text);
  await disk.create(markerPath, [{ kind: "bytes", hash: sha256(bytes), bytes }], {
    mtimeNs: undefined,
    executable: false,
  });
  await disk.syncFile(markerPath);
  await disk.syncFolder(ownFolder);
  const there = await disk.stat(markerPath);
  filesystem.device = there?.device;
  const file = there === undefined ? [] : [["marker file", fileOf(there)] as const];
  state.commit({ settings: [["marker", text], ...file] });
}

function checkOwner(owner: Marker, { serverId, accountId }: Identity, rootId: string, what: string): void {
  if (owner.server_id !== serverId) throw new RootMismatch(`${what} belongs to another server.`);
  if (owner.account_id !== accountId) throw new RootMismatch(`${what} belongs to another account on this server.`);
  if (owner.remote_root_id !== rootId) throw new RootMismatch(`${what} is synced with another folder on the server.`);
}

function parse(text: string | undefined): Marker | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed = marker.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
