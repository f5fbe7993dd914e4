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
 * Sends again what the server has lost of files that this device has. A block is named by its hash, and its bytes are compared with
 * that before they go, so it does not matter what became of the file since: nothing of the sync is asked or changed.
 * @returns how many blocks were sent
 * @throws HoldfastError what the server said of the first block that it refused, once all others are there
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

/** Blocks that are refused together are sent one by one. @returns those that are there; @throws HoldfastError what may pass */
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
    // It moved, or cannot be read just now: the next turn, or another device, has it.
    if (!(thrown instanceof HoldfastError)) throw thrown;
  }
}

/** A question to the server, nearly always answered with nothing. */
const everyMs = 15 * 60_000;

export interface HealingTurns {
  readonly heal: (signal: AbortSignal) => Promise<number>;
  /** While it is not, a turn is passed over. */
  readonly isWanted: () => boolean;
  readonly note: (message: string) => void;
  /** Resolves after that many milliseconds, or when the signal aborts. */
  readonly wait: (delayMs: number, signal: AbortSignal) => Promise<unknown>;
}

/** At once and then again and again, until the signal. Never fails: what did not succeed is tried again at the next turn. */
export async function keepHealing(turns: HealingTurns, signal: AbortSignal): Promise<void> {
  for (; !signal.aborted; await turns.wait(everyMs, signal)) if (turns.isWanted()) await healOnce(turns, signal);
}

/** @returns false if a person has to see to it */
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
    // Whether the server is there, and lets this device in, the engine says already.
    if (signal.aborted || error.retryable || error.code === "unauthenticated") return true;
    note(`sync: damaged blocks could not be sent again: ${error.message}`);
    return false;
  }
}
