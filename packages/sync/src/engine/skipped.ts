import { folderOf } from "../paths.ts";
import type { ScanResult } from "../scan/scan.ts";
import { type Problem, problemOf } from "./problems.ts";

/** What no node can be, from all looks: each look tells it of the folders that it listed. */
export class Skipped {
  readonly #reasons = new Map<string, string>();

  note({ listed, skipped }: Pick<ScanResult, "listed" | "skipped">): void {
    for (const path of this.#reasons.keys()) if (listed.has(folderOf(path))) this.#reasons.delete(path);
    for (const [path, reason] of skipped) this.#reasons.set(path, reason);
  }

  problems(): Problem[] {
    return [...this.#reasons].map(([path, reason]) =>
      problemOf(path, "skipped", `It is not synced: ${reason}. Rename it if it should be.`),
    );
  }
}
