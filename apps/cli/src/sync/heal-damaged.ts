import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import { pathOf } from "@holdfast/sync/model/tree-paths";
import type { LocalDisk, OutgoingBlock, Server } from "@holdfast/sync-ports/ports";
import type { SyncState } from "@holdfast/sync/state/sync-state";
import { count } from "../output/text.ts";
import { type DamagedVersion, findDamaged } from "../remote/damaged-blocks.ts";

export interface HealParts {
  readonly client: ApiClient;
  readonly server: Pick<Server, "putBlocks">;
  readonly state: SyncState;
  readonly disk: Pick<LocalDisk, "cut" | "readAt">;
}

const portionBytes = 8 * 1024 * 1024;

/**
 * Sends blocks that the server has lost and this device has. Blocks are named by their hash and compared with it before
 * sending, so later changes of the file do not matter. The sync state is not used or changed.
 * @returns number of blocks sent
 * @throws HoldfastError the first rejection by the server, after all other blocks were sent
 */
export async function healDamaged(parts: HealParts, signal: AbortSignal): Promise<number> {
  const sent = new Set<HashHex>();
  const refused: HoldfastError[] = [];
  let portion: OutgoingBlock[] = [];
  let sizeBytes = 0;
  const flush = async (): Promise<void> => {
    for (const { hash } of await sendApart(parts.server, portion, refused)) sent.add(hash);
    [portion, sizeBytes] = [[], 0];
  };
  for (const version of (await findDamaged(parts.client)).values()) {
    for await (const block of blocksHere(parts, version)) {
      if (signal.aborted) return sent.size;
      if (sent.has(block.hash)) continue;
      portion.push(block);
      sizeBytes += block.bytes.length;
      if (sizeBytes >= portionBytes) await flush();
    }
  }
  await flush();
  if (refused[0] !== undefined) throw refused[0];
  return sent.size;
}

/**
 * Used if the server rejects the blocks together.
 * @returns blocks that the server has
 * @throws HoldfastError a temporary failure
 */
export async function sendApart(
  server: HealParts["server"],
  blocks: readonly OutgoingBlock[],
  refused: HoldfastError[],
): Promise<OutgoingBlock[]> {
  if (blocks.length === 0) return [];
  try {
    await server.putBlocks(blocks);
    return [...blocks];
  } catch (thrown) {
    const error = toHoldfastError(thrown);
    if (error.retryable) throw error;
    if (blocks.length === 1) refused.push(error);
    const there: OutgoingBlock[] = [];
    for (const block of blocks.length === 1 ? [] : blocks) there.push(...(await sendApart(server, [block], refused)));
    return there;
  }
}

async function* blocksHere(
  { state, disk }: HealParts,
  { nodeId, hashes }: DamagedVersion,
): AsyncGenerator<OutgoingBlock> {
  const row = state.local.get(nodeId);
  const path = row?.kind === "file" ? pathOf(state, nodeId) : undefined;
  if (row === undefined || path === undefined) return;
  try {
    let offset = 0;
    for (const { hash, size } of state.manifests.blocksOf(row.content) ?? (await disk.cut(path)).blocks) {
      const bytes = hashes.has(hash) ? await disk.readAt(path, offset, size) : undefined;
      if (bytes !== undefined && sha256(bytes) === hash) yield { hash, bytes };
      offset += size;
    }
  } catch (thrown) {
    // The file was moved or is unreadable. The next turn or another device sends the block.
    if (!(thrown instanceof HoldfastError)) throw thrown;
  }
}

/** One request, which nearly always returns nothing. */
const everyMs = 15 * 60_000;

export interface HealingTurns {
  readonly heal: (signal: AbortSignal) => Promise<number>;
  /** A turn is skipped while this returns false. */
  readonly isWanted: () => boolean;
  readonly note: (message: string) => void;
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<unknown>;
}

/** Runs immediately and then regularly until the signal aborts. Never throws: failures are retried at the next turn. */
export async function keepHealing(turns: HealingTurns, signal: AbortSignal): Promise<void> {
  for (; !signal.aborted; await turns.wait(everyMs, signal)) if (turns.isWanted()) await healOnce(turns, signal);
}

/** @returns false if a person must act */
export async function healOnce(
  { heal, note }: Pick<HealingTurns, "heal" | "note">,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const blocks = await heal(signal);
    if (blocks > 0) note(`sync: sent ${count(blocks, "block")} again that the server had lost`);
    return true;
  } catch (thrown) {
    const error = toHoldfastError(thrown);
    // The engine already reports connection and login problems.
    if (signal.aborted || error.retryable || error.code === "unauthenticated") return true;
    note(`sync: damaged blocks could not be sent again: ${error.message}`);
    return false;
  }
}
