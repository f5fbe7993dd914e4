import { HoldfastError } from "@holdfast/core/errors";
import { type Action, readLimits } from "./control-acts.ts";
import { saveRecord } from "./known-syncs.ts";
import type { KnownSync } from "./known-syncs.ts";
import { notRunning } from "./last-status.ts";

/**
 * What can be changed of a sync whose client does not run: how its next start will be.
 * @throws HoldfastError failed for whatever needs the client
 */
export async function changeStopped({ folder, record }: KnownSync, action: Action, body?: unknown): Promise<void> {
  switch (action) {
    case "pause":
    case "resume":
      return saveRecord(folder, { ...record, is_paused: action === "pause" });
    case "limits": {
      const { up, down } = readLimits(body);
      return saveRecord(folder, { ...record, limit_up: up, limit_down: down });
    }
    default:
      throw new HoldfastError("failed", notRunning(record));
  }
}
