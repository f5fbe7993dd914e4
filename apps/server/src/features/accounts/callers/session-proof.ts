import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { AccountStore } from "../context/account-world.ts";

const proofMicros = limits.sessionProofMs * 1000;

/**
 * The proof is so old that somebody else may use the device. A time in the future, from a clock that was ahead, soon
 * counts as old.
 */
export function isProofOld({ clock }: Pick<AccountStore, "clock">, provenAtMicros: number): boolean {
  return Math.abs(clock.nowMicros() - provenAtMicros) > proofMicros;
}

/** The proof is young enough to replace a password. */
export function isProofFresh({ clock }: Pick<AccountStore, "clock">, provenAtMicros: number): boolean {
  return Math.abs(clock.nowMicros() - provenAtMicros) <= limits.freshProofMs * 1000;
}

export function proofRequired(): HoldfastError {
  const message =
    "Confirm your identity first, with your password and second factor or a passkey: this session was opened a while ago. Nothing was done.";
  return new HoldfastError("proof_required", message);
}
