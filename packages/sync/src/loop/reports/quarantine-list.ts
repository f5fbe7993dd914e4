import { HoldfastError } from "@holdfast/core/errors";
import type { ExecutionContext } from "../../execute/execution-context.ts";
import { listQuarantine } from "../../execute/quarantine.ts";
import { type Problem, problemOf } from "./problems.ts";

/** Listed at the start, after each use, and while it is not empty, because a person empties it. */
export class QuarantineList {
  #paths: readonly string[] | undefined;
  #uses: string | undefined;

  async note({ disk, state }: Pick<ExecutionContext, "disk" | "state">): Promise<void> {
    const uses = state.setting("quarantine");
    if (uses === this.#uses && this.#paths?.length === 0) return;
    try {
      this.#paths = await listQuarantine(disk);
      this.#uses = uses;
    } catch (error) {
      // Keeps the last known list until the next attempt and blocks nothing.
      if (!(error instanceof HoldfastError)) throw error;
    }
  }

  problems(): Problem[] {
    return (this.#paths ?? []).map((path) =>
      problemOf(
        path,
        "quarantined",
        "Kept from a folder that is no longer here (a share that ended, or a folder that someone deleted). Nobody else has the content. Move it to another folder, or delete it.",
      ),
    );
  }
}
