import { HoldfastError } from "@holdfast/core/errors";
import { factorRequired } from "../accounts/callers/access-rules.ts";
import type { Caller } from "../accounts/context/caller.ts";
import { findLiveCaller } from "../accounts/callers/live-callers.ts";
import type { CredentialWorld } from "../accounts/context/overdue.ts";

/** Amount and time after which access is checked again. */
const checkBytes = 4 * 1024 * 1024;
const checkMs = 2000;

/** Checks content of another user: the caller, with current rights, still sees it. */
export type StillSees = (caller: Caller) => Promise<boolean>;

/**
 * Passes bytes on while the caller has access. A large file may take days, so the end of a session, link or right also
 * ends its download. A link's download continues only with the same password.
 * @param stillSees undefined for the caller's own content
 * @throws HoldfastError unauthenticated or not_found; then the connection is cut
 */
export async function* whileOpen(
  world: CredentialWorld,
  caller: Caller,
  pieces: AsyncGenerator<Uint8Array>,
  stillSees?: StillSees,
): AsyncGenerator<Uint8Array> {
  const isOwn = caller.credential.kind !== "link" && stillSees === undefined;
  let passedBytes = 0;
  let checkedAtMs = world.clock.nowMs();
  for await (const piece of pieces) {
    passedBytes += piece.length;
    const isLate = Math.abs(world.clock.nowMs() - checkedAtMs) >= checkMs;
    if (isLate || (!isOwn && passedBytes >= checkBytes)) {
      await assertOpen(world, caller, stillSees);
      [passedBytes, checkedAtMs] = [0, world.clock.nowMs()];
    }
    yield piece;
  }
}

async function assertOpen(world: CredentialWorld, caller: Caller, stillSees: StillSees | undefined): Promise<void> {
  const now = await liveCaller(world, caller);
  if (stillSees === undefined || (await stillSees(now))) return;
  throw new HoldfastError("not_found", "The permission to read it was removed during the download.");
}

/**
 * @throws HoldfastError unauthenticated if the credential has ended or the link's password changed;
 * second_factor_required, address_not_allowed if access rules changed
 */
export async function liveCaller(world: CredentialWorld, { credential }: Caller): Promise<Caller> {
  const now = await findLiveCaller(world, credential);
  const isSame = credential.kind !== "link" || stampOf(now) === credential.stamp;
  if (now?.access?.mustEnroll === true) throw factorRequired(now.access.factorDueAtMicros);
  // The client's address is known only at the start of a request.
  if (now !== undefined && now.credential.lists !== credential.lists) {
    throw new HoldfastError(
      "address_not_allowed",
      "The networks from which it can be read changed during the download.",
    );
  }
  if (now !== undefined && isSame) return now;
  const what = credential.kind === "link" ? "link" : "session";
  throw new HoldfastError("unauthenticated", `The ${what} ended during the download.`);
}

function stampOf(caller: Caller | undefined): string | undefined {
  return caller?.credential.kind === "link" ? caller.credential.stamp : undefined;
}
