import { HoldfastError } from "@holdfast/core/errors";
import type { SessionId } from "@holdfast/core/ids";
import { z } from "zod";
import type { AccountWorld } from "../accounts/account-world.ts";
import type { Caller } from "../accounts/caller.ts";

/** What a question of a program says of when its person must have shown who they are. */
const wanted = z.looseObject({ prompt: z.string().default(""), max_age: z.coerce.number().min(0).optional() });

/** To be asked for the password and to answer then takes so long, also for a program that wants a shorter age than that. */
const shortestAgeSeconds = 60;

/**
 * When the person has proved last who they are, in seconds since 1970: what a program is told as `auth_time`.
 * @param question its parameters, as the provider keeps them, and when it came, in seconds since 1970
 * @throws HoldfastError proof_required where the program wants it later than that
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

/** An age counts from the answer, as the program reckons it when it gets it, and no proof since the question is too old before a minute. */
function earliest({ params, askedAt }: { readonly params: object; readonly askedAt: number }, now: number): number {
  const { prompt, max_age: age } = wanted.parse(params);
  const byPrompt = prompt.split(" ").includes("login") ? askedAt : 0;
  if (age === undefined) return byPrompt;
  return Math.max(byPrompt, askedAt - age, Math.floor(now) - Math.max(age, shortestAgeSeconds));
}
