import { HoldfastError } from "@holdfast/core/errors";
import { factorRequired } from "../accounts/access-rules.ts";
import type { Caller } from "../accounts/caller.ts";
import { findLiveCaller } from "../accounts/live-callers.ts";
import type { CredentialWorld } from "../accounts/overdue.ts";

/** After so much, or so long, it is looked whether the caller may still have it. */
const checkBytes = 4 * 1024 * 1024;
const checkMs = 2000;

/** Of what belongs to somebody else: whether the caller, as the account or link is now, still sees it. */
export type StillSees = (caller: Caller) => Promise<boolean>;

/**
 * Passes on what goes out for as long as the caller may have it: a large file may take days, and whoever ends a session, a link or a right
 * ends what runs by it, too. That of a link goes on with the password alone by which it was opened.
 * @param stillSees undefined for what is the caller's own
 * @throws HoldfastError unauthenticated, or not_found, after which the connection is cut
 */
export async function* whileOpen(
  world: CredentialWorld,
  caller: Caller,
  pieces: AsyncGenerator<Uint8Array>,
  stillSees?: StillSees,
): AsyncGenerator<Uint8Array> {
  // Of one's own as much as comes between two looks does no harm.
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

/** Who the caller is by now. @throws HoldfastError unauthenticated where it is nobody any more, or a link that has another password; second_factor_required, address_not_allowed where other rules hold */
export async function liveCaller(world: CredentialWorld, { credential }: Caller): Promise<Caller> {
  const now = await findLiveCaller(world, credential);
  const isSame = credential.kind !== "link" || stampOf(now) === credential.stamp;
  if (now?.access?.mustEnrol === true) throw factorRequired(now.access.factorDueAtMicros);
  // From where it comes is known only where a request begins.
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
