import type { AccountWorld } from "../accounts/account-world.ts";
import type { Caller } from "../accounts/caller.ts";
import type { GroupWorld } from "../groups/group-messages.ts";

export type ScimWorld = AccountWorld & GroupWorld;

/** Who asks, and what the answer names itself by. */
export interface ScimCall {
  readonly caller: Caller;
  /** Of this server, as who asks reached it. */
  readonly publicUrl: string;
  /** Takes what the call turned out to cost, in calls. */
  readonly owe: (calls: number) => Promise<void>;
  /** For the audit, what the request alone does not say. */
  readonly note: (note: { readonly count: number; readonly detail: Readonly<Record<string, unknown>> }) => void;
}

export interface ListQuery {
  readonly filter?: string | undefined;
  readonly startIndex?: number | undefined;
  readonly count?: number | undefined;
  readonly excludedAttributes?: string | undefined;
}
