import { randomBytes } from "node:crypto";
import { startCodecPool } from "@holdfast/codec/pool";
import { type ConflictChoice, resolveConflict, type ResolvedConflict } from "@holdfast/sync/execute/resolve-conflict";
import { ensureOwnFolders } from "@holdfast/sync/execute/recover";
import { Conflicts } from "@holdfast/sync/loop/engine/status";
import { openSyncedFolder } from "@holdfast/synced-folder/open-synced-folder";
import { probeFolder } from "@holdfast/synced-folder/probe-folder";
import type { KnownSync } from "./known-syncs.ts";
import { forgetConflict } from "./last-status.ts";
import { refuseEmptied } from "./open-sync.ts";
import { missingFeaturesOf, requireAbilities } from "./root-abilities.ts";
import { changeState } from "./stopped-state.ts";

/**
 * Resolves a conflict while the client is not running. The next run finds the change and sends it. The lock of the
 * folder prevents a client from starting.
 * @throws HoldfastError as `resolveConflict` and `changeState`; failed if the disk is not mounted
 */
export async function keepStopped(sync: KnownSync, path: string, keep: ConflictChoice): Promise<ResolvedConflict> {
  const { root } = sync.record;
  await refuseEmptied(root, sync);
  return changeState(
    sync,
    async (state) => {
      new Conflicts(state).mustBeOne(undefined, path);
      const abilities = probeFolder(root);
      requireAbilities(root, abilities);
      const pool = startCodecPool();
      try {
        const disk = openSyncedFolder(root, { pool });
        await ensureOwnFolders({ disk });
        const context = {
          disk,
          state,
          missingFeatures: missingFeaturesOf(abilities),
          random: randomBytes,
          nowMs: () => Date.now(),
        };
        return await resolveConflict(context, path, keep);
      } finally {
        await pool.close();
      }
    },
    () => forgetConflict(sync, path),
  );
}
