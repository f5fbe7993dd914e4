import { HoldfastError } from "@holdfast/core/errors";
import type { ErrorCode } from "@holdfast/core/errors";

const codes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "not_found",
  // A file is on the path, so the item does not exist.
  ENOTDIR: "not_found",
  EEXIST: "exists",
  ENOSPC: "store_full",
  EDQUOT: "store_full",
  EIO: "unavailable",
  EAGAIN: "unavailable",
  EBUSY: "unavailable",
  EINTR: "unavailable",
  EMFILE: "unavailable",
  ENFILE: "unavailable",
  ENOMEM: "unavailable",
  ESTALE: "unavailable",
  ETIMEDOUT: "unavailable",
};

const advice: Partial<Record<ErrorCode, string>> = {
  store_full: "Free some space on it, or raise this user's quota there, then try again.",
  unavailable: "Try again. If the problem remains, check the disk and the system's log.",
  failed: "Check the owner, permissions and type of the path.",
};

/**
 * Converts an error of a system call; the original is the cause. Other errors are returned unchanged.
 * @param action a verb: "create"
 */
export function toDiskError(thrown: unknown, action: string, path: string): unknown {
  const errno = errnoOf(thrown);
  if (errno === undefined || thrown instanceof HoldfastError) return thrown;
  const code = codes[errno] ?? "failed";
  const next = advice[code];
  const message = `Could not ${action} ${path} (${errno}).${next === undefined ? "" : ` ${next}`}`;
  return new HoldfastError(code, message, { cause: thrown });
}

/** The system's code (`ENOENT`, `EXDEV`) of an error or its cause. */
export function errnoOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  return ownErrnoOf(thrown) ?? errnoOf(thrown.cause);
}

/** Returns a system call's code; undefined for a HoldfastError with any cause. */
export function ownErrnoOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || thrown instanceof HoldfastError) return undefined;
  const code: unknown = Reflect.get(thrown, "code");
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

export function isNotFound(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && thrown.code === "not_found";
}

export function isTaken(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && thrown.code === "exists";
}
