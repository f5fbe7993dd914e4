import { createHash } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { z } from "zod";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { claimsSchema } from "./claims.ts";
import type { Purpose } from "./leaving.ts";
import type { Finished } from "./open-issuer.ts";
import { seal, unseal } from "./sealed.ts";

const schema = z.object({
  /** Derived from the redirect's state, so that each redirect creates at most one session. */
  id: z.string(),
  purpose: z.string(),
  askedAtMs: z.number(),
  claims: claimsSchema,
  untilMs: z.number(),
});

/**
 * Identity that the issuer confirmed. The page holds it encrypted while it asks for a second factor. Can be used once.
 */
export type Answer = z.output<typeof schema>;

type World = Pick<AccountWorld, "secrets" | "clock" | "random">;

export function sealAnswer(world: World, { leaving, claims }: Finished): string {
  const id = createHash("sha256").update(leaving.state).digest("base64url");
  const untilMs = world.clock.nowMs() + limits.outsideSignInMs;
  const askedAtMs = leaving.untilMs - limits.outsideSignInMs;
  return seal(world, "answer", { id, purpose: leaving.purpose, askedAtMs, claims, untilMs } satisfies Answer);
}

/** @throws HoldfastError unauthenticated for an invalid or expired answer, or another purpose */
export function readAnswer(world: World, purpose: Purpose, text: string): Answer {
  const answer = schema.safeParse(unseal(world, "answer", text)).data;
  if (answer !== undefined && answer.purpose === purpose && answer.untilMs > world.clock.nowMs()) return answer;
  throw answerSpent();
}

/** A concurrent call waits for the first, then returns false. @returns true if the answer was unused */
export async function takeAnswer(transaction: ShardQueries, userId: UserId, { id, untilMs }: Answer): Promise<boolean> {
  const { rows } = await sql`
    insert into shard.outside_answers (user_id, answer, until)
    values (${userId}, ${Buffer.from(id, "base64url")}, ${untilMs * 1000})
    on conflict do nothing returning 1`.execute(transaction);
  return rows.length > 0;
}

/** Early check without a lock; `takeAnswer` checks again. */
export async function isAnswerTaken(reader: ShardQueries, userId: UserId, { id }: Answer): Promise<boolean> {
  const { rows } = await sql`
    select from shard.outside_answers where user_id = ${userId} and answer = ${Buffer.from(id, "base64url")}`.execute(
    reader,
  );
  return rows.length > 0;
}

export function answerSpent(): HoldfastError {
  return new HoldfastError(
    "unauthenticated",
    "This sign-in was already used, or took longer than 10 minutes. Start again.",
    {
      field: "ticket",
    },
  );
}
