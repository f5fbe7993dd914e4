import { toHoldfastError } from "@holdfast/core/errors";
import type { InvitationFacts } from "@holdfast/protocol/account-routes";
import { useEffect, useState } from "react";
import { fromPage, openPublicClient } from "../../data/client.ts";
import { type Foreign, foreignOf } from "./foreign-address.ts";

const patienceMs = 5000;

/** `facts` is undefined without an answer. The form works anyway. */
export type AskedInvitation =
  | { readonly state: "asking" }
  | { readonly state: "useless" }
  | { readonly state: "foreign"; readonly foreign: Foreign }
  | { readonly state: "open"; readonly facts: InvitationFacts | undefined };

/** Checks the token without a cache, because the token is a secret. */
export function useInvitation(token: string): AskedInvitation {
  const [asked, setAsked] = useState<AskedInvitation>({ state: "asking" });
  useEffect(() => {
    const ending = new AbortController();
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(patienceMs)]);
    const update = (found: AskedInvitation) => {
      if (!ending.signal.aborted) setAsked(found);
    };
    openPublicClient()
      .call("readInvitation", { body: { token }, headers: fromPage, asksOnce: true, endsWithBreak: true, signal })
      .then(
        (facts) => update({ state: "open", facts }),
        (thrown: unknown) => {
          const foreign = foreignOf(thrown);
          if (foreign !== undefined) return update({ state: "foreign", foreign });
          const isUseless = toHoldfastError(thrown).code === "not_found";
          return update(isUseless ? { state: "useless" } : { state: "open", facts: undefined });
        },
      );
    return () => ending.abort();
  }, [token]);
  return asked;
}

export function isWholeToken(token: string): boolean {
  return /^hf[si]_[0-9a-f]{3}_[\w-]{43}$/.test(token);
}
