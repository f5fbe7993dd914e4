import type { IncomingHttpHeaders } from "node:http";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { Caller } from "../../features/accounts/context/caller.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import { readSnapshot } from "../../tree/journal/snapshot.ts";
import type { HeldPolls, PollAnswer } from "../../features/notify/held-polls.ts";
import type { Handlers, RequestContext } from "../exchange/handler.ts";
import type { RateLimits } from "../exchange/rate-limits.ts";

export interface NotifyWorld {
  readonly reads: ReadShards;
  readonly polls: HeldPolls;
  readonly rateLimits: Pick<RateLimits, "holdPoll">;
}

type PollContext = Pick<RequestContext<"pollChanges">, "caller" | "query" | "headers" | "onGone" | "stopping">;

/** Snapshot of visible nodes, and polls for changes. */
export function notifyHandlers({ reads, polls, rateLimits }: NotifyWorld) {
  const stops = new WeakSet<AbortSignal>();
  const poll = ({ caller, query, headers, onGone, stopping }: PollContext) => {
    if (!stops.has(stopping)) {
      stops.add(stopping);
      stopping.addEventListener("abort", () => polls.stop(), { once: true });
    }
    const held = polls.open(caller, query.since_token);
    const timeoutMs = readTimeout(headers) * 1000;
    const release = rateLimits.holdPoll(keyOf(caller));
    return {
      later: (give: (answer: ReturnType<typeof answerOf> | HoldfastError) => void) => {
        polls.hold(held, timeoutMs, (answer) => {
          release();
          give(answer instanceof HoldfastError ? answer : answerOf(answer));
        });
        onGone(() => polls.leave(held));
      },
    };
  };
  return {
    getSnapshot: async ({ caller, query }) => ({ status: 200, json: await readSnapshot(reads, caller, query) }),
    pollChanges: poll,
    pollEvents: poll,
  } satisfies Handlers;
}

/** Sync clients are counted by device, whatever the number of their sessions, and scripts by token. */
function keyOf({ deviceId, credential }: Caller): string {
  return deviceId ?? credential.id;
}

/** Limits the value to the allowed range. @throws HoldfastError invalid_field for text that is not a whole number */
function readTimeout(headers: IncomingHttpHeaders): number {
  const text = headers["timeout"];
  if (text === undefined) return limits.pollSecondsDefault;
  if (typeof text === "string" && /^\d{1,15}$/.test(text)) {
    return Math.min(Math.max(Number(text), 1), limits.pollSecondsMax);
  }
  const message = `The Timeout header must be a whole number of seconds; the maximum is ${limits.pollSecondsMax}.`;
  throw new HoldfastError("invalid_field", message, { field: "Timeout" });
}

function answerOf({ change, backoffSeconds }: PollAnswer) {
  if (change === undefined) {
    const headers = backoffSeconds === 0 ? {} : { "retry-after": backoffSeconds };
    return { status: 204 as const, headers };
  }
  const json = {
    event_type: change.type,
    ...(change.nodeId === null ? {} : { file_id: change.nodeId }),
    timestamp: formatTime(change.atMicros),
    changes: change.type !== "notification",
    ...(backoffSeconds === 0 ? {} : { backoff: backoffSeconds }),
  };
  return { status: 200 as const, json };
}
