import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import { sql } from "kysely";
import type { UserRow } from "../db/account-tables.ts";
import { inTransaction } from "../db/database.ts";
import type { AccountWorld } from "./account-world.ts";
import type { Caller } from "./caller.ts";
import { provePassword } from "./prove-password.ts";
import { replaceRecoveryCodes } from "./recovery-codes.ts";
import {
  codeWrong,
  isOn,
  lockRow,
  passSecondFactor,
  removeSecondFactor,
  totpSecretLabel,
  unwrap,
} from "./second-factor.ts";

/** That it is the person, and nobody else at a device that is signed in. */
export interface Proof {
  readonly password: string;
  readonly totp?: string | undefined;
}

/**
 * Makes a secret, which is asked for only once a code of it has confirmed it: nobody locks themselves out with an app that took nothing.
 * @param source where the attempt comes from
 * @throws HoldfastError forbidden for a personal access token, invalid_field for a wrong password, second_factor, rate_limited
 */
export async function prepareSecondFactor(world: AccountWorld, caller: Caller, proof: Proof, source: string) {
  const user = await prove(world, caller, proof, source);
  const { describeTotp, totpSecretBytes } = await import("./totp.ts");
  const secret = Buffer.from(world.random(totpSecretBytes));
  const wrapped = await world.wrapper.wrapSecret(totpSecretLabel, secret);
  const now = world.clock.nowMicros();
  await sql`
    insert into shard.second_factors (user_id, next_secret, next_at) values (${user.id}, ${wrapped}, ${now})
    on conflict (user_id) do update set next_secret = excluded.next_secret, next_at = excluded.next_at`.execute(
    world.shards.ofId(user.id).db,
  );
  const described = describeTotp(secret, { issuer: "Holdfast", account: user.email });
  return { ...described, expires_at: formatTime(now + limits.secondFactorSetUpMs * 1000) };
}

/** @throws HoldfastError forbidden, second_factor for a wrong code, conflict where nothing was prepared or that is too long ago */
export async function confirmSecondFactor(world: AccountWorld, caller: Caller, totp: string): Promise<string[]> {
  assertSession(caller);
  const { totpStep } = await import("./totp.ts");
  const { userId } = caller;
  return inTransaction(world.shards.ofId(userId).db, async (transaction) => {
    const row = await lockRow(transaction, userId);
    const since = world.clock.nowMicros() - limits.secondFactorSetUpMs * 1000;
    if (row?.next_secret == null || (row.next_at ?? 0) <= since) {
      throw new HoldfastError("conflict", "No second factor was prepared within the last 15 minutes. Begin again.");
    }
    const secret = await unwrap(world, row.next_secret);
    const step = totpStep(secret, totp.replaceAll(/[\s-]/g, ""), world.clock.nowMs());
    if (step === undefined) throw codeWrong();
    await sql`
      update shard.second_factors set secret = next_secret, since = ${world.clock.nowMicros()}, next_secret = null,
        next_at = null, last_step = ${step}, failures = 0 where user_id = ${userId}`.execute(transaction);
    return replaceRecoveryCodes(transaction, userId, world.random);
  });
}

/** @throws HoldfastError as `prepareSecondFactor`; conflict where there is none */
export async function renewRecoveryCodes(
  world: AccountWorld,
  caller: Caller,
  proof: Proof,
  source: string,
): Promise<string[]> {
  const user = await prove(world, caller, proof, source);
  return inTransaction(world.shards.ofId(user.id).db, async (transaction) => {
    if (!isOn(await lockRow(transaction, user.id))) throw noneIsOn();
    return replaceRecoveryCodes(transaction, user.id, world.random);
  });
}

/** @throws HoldfastError as `prepareSecondFactor`; conflict where there is none */
export async function endSecondFactor(
  world: AccountWorld,
  caller: Caller,
  proof: Proof,
  source: string,
): Promise<void> {
  const user = await prove(world, caller, proof, source);
  await inTransaction(world.shards.ofId(user.id).db, async (transaction) => {
    if (!isOn(await lockRow(transaction, user.id))) throw noneIsOn();
    await removeSecondFactor(transaction, user.id);
  });
}

async function prove(world: AccountWorld, caller: Caller, { password, totp }: Proof, source: string): Promise<UserRow> {
  assertSession(caller);
  const user = await provePassword(world, caller.userId, { password, field: "password" }, source);
  await passSecondFactor(world, user, totp);
  return user;
}

function assertSession({ credential }: Caller): void {
  if (credential.kind === "session") return;
  throw new HoldfastError("forbidden", "A personal access token changes no second factor. Sign in with the password.");
}

function noneIsOn(): HoldfastError {
  return new HoldfastError("conflict", "This account has no second factor.");
}
