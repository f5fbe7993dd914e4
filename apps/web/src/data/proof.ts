import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";

/** A call waits until the person has proved who they are, or does not want to. */
export interface WantedProof {
  readonly client: ApiClient;
  /** The call goes out once more. */
  readonly proved: () => void;
  /** It ends as the server refused it: nothing was done. @param why in the user's words */
  readonly cancel: (why: string) => void;
}

let wanted: WantedProof | undefined;
const listeners = new Set<() => void>();

/** Whatever was called: the dialog that stands once asks the person, and nobody who calls knows of it. @throws HoldfastError proof_required where they do not want to */
export function askProof(client: ApiClient, refusal: HoldfastError): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      if (wanted === mine) tell(undefined);
      settle();
    };
    const mine: WantedProof = {
      client,
      proved: () => end(resolve),
      cancel: (why) => end(() => reject(new HoldfastError("proof_required", why, { cause: refusal }))),
    };
    const before = wanted;
    tell(mine);
    before?.cancel(refusal.message);
  });
}

export function wantedProof(): WantedProof | undefined {
  return wanted;
}

export function watchProof(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(next: WantedProof | undefined): void {
  wanted = next;
  for (const listener of listeners) listener();
}
