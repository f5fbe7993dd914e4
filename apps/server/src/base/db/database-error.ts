import { HoldfastError } from "@holdfast/core/errors";

/** SQLSTATE of the fence around rows that move to another shard. */
export const movingState = "HF001";

/** SQLSTATE of a change on a standby, or on a primary that was made read-only. */
const readOnlyState = "25006";
const readOnly = "read_only";

/** SQLSTATE codes (appendix A of PostgreSQL's manual) of failures that are not caused by the statement. */
const unavailableStates = new Set([
  readOnlyState, // perhaps the primary has become a standby
  "25P03", // idle in transaction for too long
  "40001", // serialization failure, after the retries of inTransaction
  "40P01", // deadlock, after the retries of inTransaction
  "53200", // out of memory
  "53300", // too many connections
  "55P03", // a lock could not be acquired in time
  "57014", // canceled by statement_timeout
  "57P01", // administrator's shutdown
  "57P02", // crash of another session
  "57P03", // starting or stopping
  "57P05", // idle session
]);

const networkCodes = new Set([
  "EAGAIN", // a Unix socket whose queue is full
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT", // a Unix socket that does not exist yet
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

/** Errors of `pg` without a code. */
const lostConnection =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

/** A NUL character in text or JSON. */
const nulStates = new Set(["22021", "22P05"]);

/** End of an error about a full disk, for administrators and everybody else. */
export const roomAdvice =
  "An administrator of the server has to free some space ('holdfast admin doctor' shows where). Then try again.";

const databaseFull = `The disk of the server's database is full, so it accepts no changes. Nothing is lost. ${roomAdvice}`;

/**
 * Texts with a NUL character came with the request. Other errors of a statement are unchanged.
 * @param isStandby a standby answers reads
 */
export function toDatabaseError(error: unknown, isStandby = false): unknown {
  if (error instanceof HoldfastError || !(error instanceof Error)) return error;
  const code = codeOf(error);
  if (code === "53100") {
    return new HoldfastError("store_full", databaseFull, {
      cause: error,
      retryAfterSeconds: 30,
    });
  }
  if (code !== undefined && nulStates.has(code)) {
    return new HoldfastError("bad_request", "A text in the request contains a NUL character, which is not allowed.", {
      cause: error,
    });
  }
  if (code === movingState) {
    const message = "This account is being moved to another database. Try again in a moment.";
    return new HoldfastError("unavailable", message, { cause: error, retryAfterSeconds: 1 });
  }
  if (code === readOnlyState && isStandby) {
    return new HoldfastError("unavailable", "The database accepts no changes at the moment. Try again later.", {
      cause: error,
      retryAfterSeconds: 5,
      body: { reason: readOnly },
    });
  }
  // inTransaction needs the original error.
  if (isSerializationFailure(error)) return error;
  const lost =
    (code !== undefined && (code.startsWith("08") || unavailableStates.has(code) || networkCodes.has(code))) ||
    lostConnection.test(error.message);
  if (!lost) return error;
  return new HoldfastError("unavailable", "The database does not answer at the moment. Try again soon.", {
    cause: error,
    retryAfterSeconds: 1,
  });
}

/** A standby that answers reads instead of the primary rejected a change. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof HoldfastError && error.body["reason"] === readOnly;
}

/** Waits for a change that does not matter while a standby answers reads. */
export async function unlessReadOnly(change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (!isReadOnly(error)) throw error;
  }
}

export function isSerializationFailure(error: unknown): boolean {
  const code = codeOf(error);
  return code === "40001" || code === "40P01";
}

export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
