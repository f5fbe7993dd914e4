import { HoldfastError } from "@holdfast/core/errors";
import type { SessionId } from "@holdfast/core/ids";
import { z } from "zod";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import type { Caller } from "../accounts/context/caller.ts";

/** Parameters that require a recent proof of identity. */
const wanted = z.looseObject({ prompt: z.string().default(""), max_age: z.coerce.number().min(0).optional() });

/** Minimum age: users need this time to enter the password and answer. */
const shortestAgeSeconds = 60;

/**
 * Time of the user's last proof of identity, in seconds since 1970: the program's `auth_time`.
 * @param question the program's parameters, and its time in seconds since 1970
 * @throws HoldfastError proof_required if the program requires a later proof
 */
export async function provenFor(
  world: AccountWorld,
  { credential, bucket }: Caller,
  question: { readonly params: object; readonly askedAt: number },
): Promise<number> {
  const session = await world.shards
    .of(bucket)
    .db.selectFrom("shard.sessions")
    .select("proven_at")
    .where("id", "=", credential.id as SessionId)
    .executeTakeFirst();
  const provenAt = Math.floor((session?.proven_at ?? 0) / 1_000_000);
  if (provenAt >= earliest(question, world.clock.nowMs() / 1000)) return provenAt;
  const message =
    "The program requires you to confirm your identity again, with your password and second factor or a passkey. Nothing was done.";
  throw new HoldfastError("proof_required", message);
}

/**
 * An age counts back from the answer, when the program checks it. A proof after the question is accepted for at least a
 * minute.
 */
function earliest({ params, askedAt }: { readonly params: object; readonly askedAt: number }, now: number): number {
  const { prompt, max_age: age } = wanted.parse(params);
  const byPrompt = prompt.split(" ").includes("login") ? askedAt : 0;
  if (age === undefined) return byPrompt;
  return Math.max(byPrompt, askedAt - age, Math.floor(now) - Math.max(age, shortestAgeSeconds));
}
