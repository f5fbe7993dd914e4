import type { Bucket } from "@holdfast/core/ids";

/** What one request, or one command beside the data, did. Never a password, a token or what opens something. Absent is what does not apply. */
export interface AuditEntry {
  /** RFC 3339, UTC. */
  readonly at: string;
  /** A noun and a verb, as `file.read`. */
  readonly action: string;
  /** `ok`, or the code of the error. */
  readonly result: string;
  /** The account that did it, or of a failed sign-in the one that was claimed. */
  readonly user_id?: string | undefined;
  /** By what it was proved who asks; `host`: somebody with the data folder at hand. */
  readonly credential?: "session" | "token" | "link" | "host" | undefined;
  /** Of the session, personal access token or link. */
  readonly credential_id?: string | undefined;
  readonly device_id?: string | undefined;
  readonly address?: string | undefined;
  readonly request_id?: string | undefined;
  /** All nodes that it was about; of a batch each. */
  readonly node_ids?: readonly string[] | undefined;
  /** Of what else it was about: an account, a permission, a token, a job. */
  readonly target?: string | undefined;
  /** Of what it did at once, or how often it was done within a minute. */
  readonly count?: number | undefined;
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

/** An entry on its way to the shard of the bucket. */
export interface Recorded {
  readonly bucket: Bucket;
  readonly entry: AuditEntry;
}

/** Milliseconds are enough for people, and both the text and the column say the same. */
export function microsOf({ at }: Pick<AuditEntry, "at">): number {
  return Date.parse(at) * 1000;
}
