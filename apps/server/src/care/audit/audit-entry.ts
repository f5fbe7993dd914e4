import type { Bucket } from "@holdfast/core/ids";

/**
 * A request, or a command on the data folder. Never contains passwords, tokens or other secrets. Fields that do not
 * apply are missing.
 */
export interface AuditEntry {
  /** RFC 3339, UTC. */
  readonly at: string;
  /** A noun and a verb, such as `file.read`. */
  readonly action: string;
  /** `ok`, or the error's code. */
  readonly result: string;
  /** Acting account, or the claimed one of a failed sign-in. */
  readonly user_id?: string | undefined;
  /** Kind of credential. `host`: a user with access to the data folder. */
  readonly credential?: "session" | "token" | "link" | "host" | undefined;
  /** Session, personal access token or link. */
  readonly credential_id?: string | undefined;
  readonly device_id?: string | undefined;
  readonly address?: string | undefined;
  readonly request_id?: string | undefined;
  /** All affected nodes, including those of a batch. */
  readonly node_ids?: readonly string[] | undefined;
  /** Another affected object: an account, permission, token or job. */
  readonly target?: string | undefined;
  /** Affected items, or repetitions within a minute. */
  readonly count?: number | undefined;
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

export interface Recorded {
  readonly bucket: Bucket;
  readonly entry: AuditEntry;
}

/** Times have milliseconds, and text and column are equal. */
export function microsOf({ at }: Pick<AuditEntry, "at">): number {
  return Date.parse(at) * 1000;
}
