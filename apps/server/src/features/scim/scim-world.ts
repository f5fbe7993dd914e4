import type { AccountWorld } from "../accounts/context/account-world.ts";
import type { Caller } from "../accounts/context/caller.ts";
import type { GroupWorld } from "../groups/group-messages.ts";

export type ScimWorld = AccountWorld & GroupWorld;

export interface ScimCall {
  readonly caller: Caller;
  /** This server's URL as the client used it. */
  readonly publicUrl: string;
  /** Charges a cost, in calls, that was known only afterwards. */
  readonly owe: (calls: number) => Promise<void>;
  /** Adds facts to the audit that the request lacks. */
  readonly note: (note: { readonly count: number; readonly detail: Readonly<Record<string, unknown>> }) => void;
}

export interface ListQuery {
  readonly filter?: string | undefined;
  readonly startIndex?: number | undefined;
  readonly count?: number | undefined;
  readonly excludedAttributes?: string | undefined;
}
