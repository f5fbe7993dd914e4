import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { makeListeners } from "../browser/listeners.ts";

export interface WantedProof {
  readonly client: ApiClient;
  readonly proved: () => void;
  /** Fails the call with the server's refusal. @param why message for the user */
  readonly cancel: (why: string) => void;
}

let wanted: WantedProof | undefined;
const listeners = makeListeners();

/** Shows the dialog, invisibly to the caller. @throws HoldfastError proof_required on cancel */
export function askProof(client: ApiClient, refusal: HoldfastError): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      if (wanted === mine) setWanted(undefined);
      settle();
    };
    const mine: WantedProof = {
      client,
      proved: () => end(resolve),
      cancel: (why) => end(() => reject(new HoldfastError("proof_required", why, { cause: refusal }))),
    };
    const before = wanted;
    setWanted(mine);
    before?.cancel(refusal.message);
  });
}

export function wantedProof(): WantedProof | undefined {
  return wanted;
}

export const watchProof = listeners.add;

function setWanted(next: WantedProof | undefined): void {
  wanted = next;
  listeners.call();
}
