import type { IncomingMessage, ServerResponse } from "node:http";
import type { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import type { AuditLog } from "../../care/audit/audit-log.ts";
import type { ByteBudget } from "../../packs/write/byte-budget.ts";
import type { ReadingRoom } from "../../packs/read/reading-room.ts";
import type { Log } from "../../base/operation/log.ts";
import type { Admission } from "./admission.ts";
import type { CallerKeys } from "./caller-keys.ts";
import type { Authenticator } from "./authentication.ts";
import type { HeldCounts } from "./held-counts.ts";
import type { Peer } from "./peer.ts";
import type { RateLimits } from "./rate-limits.ts";

export interface ExchangeWorld {
  readonly authenticator: Authenticator;
  readonly rateLimits: RateLimits;
  /** @throws HoldfastError bad_request if the name is not this server's */
  readonly assertHost: (header: string | undefined) => void;
  readonly assertWritable: () => void;
  /** Decoded JSON bodies of unanswered requests. */
  readonly jsonBudget: ByteBudget;
  /** Bytes read from the store for responses that clients have not received. */
  readonly readingRoom: ReadingRoom;
  /** Running requests, and those with bodies, counted by account, or by address without one. */
  readonly requestsAtOnce: HeldCounts;
  readonly bodiesAtOnce: HeldCounts;
  readonly admission: Admission;
  readonly callerKeys: CallerKeys;
  readonly bodyIdleTimeoutMs: number;
  readonly answerIdleTimeoutMs: number;
  /** Shown on error pages. */
  readonly serverName: string;
  readonly stopping: AbortSignal;
  /** undefined: nothing is audited */
  readonly audit: AuditLog | undefined;
  /** Aborting an exchange ends its work. */
  readonly running: Set<{ abort(): void }>;
  /** Called after the last byte was sent, so that time and byte counts are final. */
  readonly report: (arrived: Arrived, result: ExchangeResult) => void;
}

export interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: string;
  readonly startedMs: number;
  readonly params: unknown;
  readonly query: unknown;
  readonly requestId: string;
  readonly peer: Peer;
  readonly log: Log;
  readonly baseHeaders: Readonly<Record<string, string>>;
  /** Bytes written to the connection before the request. */
  readonly writtenBefore: number;
}

export interface ExchangeResult {
  readonly userId: UserId | undefined;
  readonly error: HoldfastError | undefined;
  /** Size of the received body. */
  readonly bytesIn: number;
}
