import { withFoldersAbove } from "@holdfast/sync-ports/paths";
import type { ScanResult } from "../scan/scan.ts";
import { type Problem, problemOf } from "./problems.ts";

const busyAfterMs = 600_000;
/** For so long something unreadable may be the place where something missing is now; one run (`--once`) waits less. */
export const passingMs = { always: 90_000, once: 4_000 };

/** Remembers since when files could not be read whole. */
export class UnreadFiles {
  passingMs = passingMs.always;
  readonly #files = new Map<string, { readonly code: string; readonly sinceMs: number }>();

  /** Each look tells it of the folders that it listed. */
  note({ listed, unread }: Pick<ScanResult, "listed" | "unread">, nowMs: number): void {
    for (const path of this.#files.keys()) {
      // If its folder is gone a look only came as far as one above; what is unread is looked for in each.
      const isSeen = withFoldersAbove(path).some((at) => listed.has(at));
      if (isSeen && !unread.has(path)) this.#files.delete(path);
    }
    for (const [path, code] of unread) {
      // After a clock was set back it begins anew.
      this.#files.set(path, { code, sinceMs: Math.min(this.#files.get(path)?.sinceMs ?? nowMs, nowMs) });
    }
  }

  /** Whether it could be read a moment ago, and may be again in the next. */
  isPassing(path: string, nowMs: number): boolean {
    return nowMs - (this.#files.get(path)?.sinceMs ?? nowMs) < this.passingMs;
  }

  /** Nothing of it is only in motion: looking at it often finds nothing new. */
  get areLasting(): boolean {
    return this.#files.size > 0 && [...this.#files.values()].every(({ code }) => !isInMotion(code));
  }

  /** What a person has to know: errors at once, what only changes once it has for ten minutes. */
  problems(nowMs: number): Problem[] {
    return [...this.#files].flatMap(([path, { code, sinceMs }]) => {
      if (code === "too_large") return [problemOf(path, code, "")];
      if (!isInMotion(code)) return [problemOf(path, "unreadable", unreadable)];
      return sinceMs <= nowMs - busyAfterMs ? [problemOf(path, "busy", busy)] : [];
    });
  }
}

/** What a program writes to, or removes: the next look tells. */
function isInMotion(code: string): boolean {
  return code === "changing" || code === "not_found";
}

const busy = "A program has been writing to it for ten minutes. It is sent once it has rested for a moment.";
const unreadable = "It cannot be read. Check who may read it, and the disk; it is tried again from time to time.";
