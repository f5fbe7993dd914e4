/**
 * Codes of all failures that Holdfast reports, with the server's statuses and the command's exit codes. A code is never
 * renamed, because scripts match on it.
 */
export const errorTable = {
  // code                    HTTP status   exit code of the command   worth trying again unchanged
  bad_request: { status: 400, exitCode: 2, retryable: false },
  invalid_field: { status: 422, exitCode: 2, retryable: false },
  unauthenticated: { status: 401, exitCode: 3, retryable: false },
  second_factor: { status: 401, exitCode: 3, retryable: false },
  device_suspended: { status: 403, exitCode: 3, retryable: false },
  account_leaving: { status: 403, exitCode: 3, retryable: false },
  second_factor_required: { status: 403, exitCode: 3, retryable: false },
  proof_required: { status: 403, exitCode: 3, retryable: false },
  address_not_allowed: { status: 403, exitCode: 3, retryable: false },
  forbidden: { status: 403, exitCode: 3, retryable: false },
  not_found: { status: 404, exitCode: 4, retryable: false },
  method_not_allowed: { status: 405, exitCode: 2, retryable: false },
  request_timeout: { status: 408, exitCode: 7, retryable: true },
  exists: { status: 409, exitCode: 5, retryable: false },
  conflict: { status: 409, exitCode: 5, retryable: false },
  offset: { status: 409, exitCode: 5, retryable: false },
  superseded: { status: 409, exitCode: 5, retryable: false },
  trashed: { status: 409, exitCode: 5, retryable: false },
  subtree_changed: { status: 409, exitCode: 5, retryable: false },
  cycle: { status: 409, exitCode: 5, retryable: false },
  dependency: { status: 409, exitCode: 5, retryable: false },
  missing_blocks: { status: 409, exitCode: 1, retryable: true },
  reset: { status: 410, exitCode: 1, retryable: false },
  precondition: { status: 412, exitCode: 5, retryable: false },
  too_large: { status: 413, exitCode: 2, retryable: false },
  unsupported_media_type: { status: 415, exitCode: 2, retryable: false },
  range: { status: 416, exitCode: 2, retryable: false },
  operation_reused: { status: 422, exitCode: 1, retryable: false },
  hash_mismatch: { status: 422, exitCode: 1, retryable: false },
  content_mismatch: { status: 422, exitCode: 1, retryable: false },
  locked: { status: 423, exitCode: 1, retryable: true },
  rate_limited: { status: 429, exitCode: 1, retryable: true },
  header_too_large: { status: 431, exitCode: 2, retryable: false },
  damaged: { status: 500, exitCode: 1, retryable: false },
  internal: { status: 500, exitCode: 1, retryable: false },
  store_full: { status: 503, exitCode: 1, retryable: true },
  unavailable: { status: 503, exitCode: 7, retryable: true },
  quota: { status: 507, exitCode: 6, retryable: false },
  // Used only by clients; the status is never sent.
  usage: { status: 400, exitCode: 2, retryable: false },
  unreachable: { status: 503, exitCode: 7, retryable: true },
  failed: { status: 500, exitCode: 1, retryable: false },
} as const satisfies Record<string, { status: number; exitCode: number; retryable: boolean }>;

export type ErrorCode = keyof typeof errorTable;

export interface HoldfastErrorDetails {
  /** The input field with the error, as named in the request (`parent_id`, `operations[3].name`). */
  readonly field?: string;
  /** Seconds after which a retry may succeed; becomes `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** Further members of the response: `node` (the current node), `size` (the durable offset), `missing_blocks`, … */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The only error that Holdfast throws intentionally. `message` is shown to people. */
export class HoldfastError extends Error {
  override readonly name = "HoldfastError";
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly body: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: HoldfastErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.field = details.field;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.body = details.body ?? {};
  }

  get status(): number {
    return errorTable[this.code].status;
  }

  get exitCode(): number {
    return errorTable[this.code].exitCode;
  }

  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(errorTable, code);
}

/** Converts any thrown value, so that interfaces handle only HoldfastError. */
export function toHoldfastError(thrown: unknown): HoldfastError {
  if (thrown instanceof HoldfastError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new HoldfastError("internal", message, { cause: thrown });
}
