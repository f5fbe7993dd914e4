import { withFoldersAbove } from "@holdfast/sync-ports/paths";
import type { ScanResult } from "../../scan/scan-types.ts";
import { type Problem, problemOf } from "../reports/problems.ts";

const busyAfterMs = 600_000;
/** Period in which an unreadable item may be the new place of a missing one. A single run (`--once`) waits less. */
export const transientMs = { always: 90_000, once: 4_000 };

const heldAfterMs = 60_000;
const heldPathsMax = 3;

export class UnreadableFiles {
  transientMs = transientMs.always;
  readonly #files = new Map<string, { readonly code: string; readonly sinceMs: number }>();
  /** Missing path -> start of the wait for an unreadable item. */
  readonly #held = new Map<string, number>();

  note({ listed, unread, held }: Pick<ScanResult, "listed" | "unread" | "held">, nowMs: number): void {
    // A scan lists only the nearest existing folder above a removed one.
    const isSeen = (path: string): boolean => withFoldersAbove(path).some((at) => listed.has(at));
    for (const path of this.#files.keys()) if (isSeen(path) && !unread.has(path)) this.#files.delete(path);
    for (const path of this.#held.keys()) if (isSeen(path) && !held.has(path)) this.#held.delete(path);
    for (const path of held) this.#held.set(path, Math.min(this.#held.get(path) ?? nowMs, nowMs));
    for (const [path, code] of unread) {
      // A clock that was set back restarts the time.
      this.#files.set(path, { code, sinceMs: Math.min(this.#files.get(path)?.sinceMs ?? nowMs, nowMs) });
    }
  }

  isTransient(path: string, nowMs: number): boolean {
    return nowMs - (this.#files.get(path)?.sinceMs ?? nowMs) < this.transientMs;
  }

  /** No unreadable file is merely changing, so frequent scans seldom help. */
  get arePersistent(): boolean {
    return this.#files.size > 0 && [...this.#files.values()].every(({ code }) => !isInMotion(code));
  }

  /** Reports errors immediately, and changing files after ten minutes. */
  problems(nowMs: number): Problem[] {
    const files = [...this.#files].flatMap(([path, { code, sinceMs }]) => {
      if (code === "too_large") return [problemOf(path, code, "")];
      if (code === "unfit_target") return [problemOf(path, "unreadable", unfitTarget)];
      if (!isInMotion(code)) return [problemOf(path, "unreadable", unreadable)];
      return sinceMs <= nowMs - busyAfterMs ? [problemOf(path, "busy", busy)] : [];
    });
    return [...this.#heldProblem(nowMs), ...files];
  }

  /**
   * One problem for all held deletions, because a person can only fix the unreadable paths. A single run lasts less
   * than a minute.
   */
  #heldProblem(nowMs: number): Problem[] {
    const afterMs = Math.min(heldAfterMs, this.transientMs);
    const count = [...this.#held.values()].filter((sinceMs) => sinceMs <= nowMs - afterMs).length;
    const causes = [...this.#files].flatMap(([path, { code }]) => (isHolding(code) ? [path] : [])).toSorted();
    if (count === 0 || causes.length === 0) return [];
    const shown = causes.slice(0, heldPathsMax).join(", ");
    const more = causes.length > heldPathsMax ? ` and ${causes.length - heldPathsMax} more` : "";
    const them = causes.length === 1 ? "it" : "them";
    const message =
      `${count.toLocaleString("en")} deleted ${count === 1 ? "file or folder stays" : "files and folders stay"} on the server, because ` +
      `this device cannot read ${shown}${more}, and the missing files may have been moved there. Make ${them} readable, remove ${them}, or exclude ${them}.`;
    return [problemOf("", "deletions_held", message)];
  }
}

/** True if anything could be at the unreadable path. */
function isHolding(code: string): boolean {
  return !isInMotion(code) && code !== "too_large" && code !== "unfit_target";
}

function isInMotion(code: string): boolean {
  return code === "changing" || code === "not_found";
}

const busy = "Not sent yet: a program has been writing for ten minutes. The upload starts once the writing pauses.";
const unfitTarget =
  "Not synced: the target of a symbolic link is not UTF-8. The server keeps the previous link. Recreate the link with another target.";
const unreadable = "Cannot be read. Check the permissions and the disk. The next attempt is automatic.";
