import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { AccountStore } from "./account-world.ts";

const proofMicros = limits.sessionProofMs * 1000;

/** Whether that is so long ago that somebody else may sit there. A time that is yet to come, by a clock that was ahead, is no proof for long. */
export function isProofOld({ clock }: Pick<AccountStore, "clock">, provenAtMicros: number): boolean {
  return Math.abs(clock.nowMicros() - provenAtMicros) > proofMicros;
}

/** Whether it is so young that it does in place of a password, which is asked for each time. */
export function isProofFresh({ clock }: Pick<AccountStore, "clock">, provenAtMicros: number): boolean {
  return Math.abs(clock.nowMicros() - provenAtMicros) <= limits.freshProofMs * 1000;
}

export function proofRequired(): HoldfastError {
  const message =
    "Confirm your identity first, with your password and second factor or a passkey: this session was opened a while ago. Nothing was done.";
  return new HoldfastError("proof_required", message);
}
