import type { IncomingMessage, ServerResponse } from "node:http";
import type { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import type { AuditLog } from "../../audit/audit-log.ts";
import type { ByteBudget } from "../../blocks/byte-budget.ts";
import type { ReadingRoom } from "../../blocks/reading-room.ts";
import type { Log } from "../../operation/log.ts";
import type { Authenticator } from "./authentication.ts";
import type { HeldCounts } from "../sync/held-counts.ts";
import type { Peer } from "./peer.ts";
import type { RateLimits } from "./rate-limits.ts";

/** What all exchanges of a server share. */
export interface ExchangeWorld {
  readonly authenticator: Authenticator;
  readonly rateLimits: RateLimits;
  /** @throws HoldfastError bad_request for a name that is not this server's */
  readonly assertHost: (header: string | undefined) => void;
  readonly assertWritable: () => void;
  /** JSON bodies that are decoded and not yet answered. */
  readonly jsonBudget: ByteBudget;
  /** What answers read of the store and their clients have not taken. */
  readonly readingRoom: ReadingRoom;
  /** Requests under way, and of them those with bodies, by account, or by address where there is none. */
  readonly requestsAtOnce: HeldCounts;
  readonly bodiesAtOnce: HeldCounts;
  readonly bodyIdleTimeoutMs: number;
  readonly answerIdleTimeoutMs: number;
  readonly stopping: AbortSignal;
  /** Undefined: nothing is recorded. */
  readonly audit: AuditLog | undefined;
  /** Every exchange that is under way; aborting one ends its work. */
  readonly running: Set<{ abort(): void }>;
  /** Told of each exchange once the last byte has left, so that its time and its count of bytes are true. */
  readonly report: (arrived: Arrived, result: ExchangeResult) => void;
}

export interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The pattern of the route, or `none`. */
  readonly route: string;
  readonly startedMs: number;
  readonly params: unknown;
  readonly query: unknown;
  readonly requestId: string;
  readonly peer: Peer;
  readonly log: Log;
  readonly baseHeaders: Readonly<Record<string, string>>;
  /** Written to the connection when the request arrived. */
  readonly writtenBefore: number;
}

export interface ExchangeResult {
  readonly userId: UserId | undefined;
  readonly error: HoldfastError | undefined;
  /** Of the body. */
  readonly bytesIn: number;
}
