import { HoldfastError } from "@holdfast/core/errors";
import { formatTime } from "@holdfast/core/times";
import type { deviceRequest } from "@holdfast/protocol/oauth-routes";
import { z } from "zod";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { guardAttempt, throttleKey } from "../accounts/context/attempts.ts";
import type { Caller } from "../accounts/context/caller.ts";
import { answerUserCode, endGrant, findByUserCode } from "./artifacts.ts";
import { findClient } from "./clients.ts";
import { commandClient, deviceLoginKind } from "./device-login.ts";
import { assertIsPerson, makeGrant } from "./grants.ts";
import { grantedScope, wordsFor } from "./program-requests.ts";
import { assertWanted } from "./wanted-account.ts";
import { provenFor } from "./wanted-proof.ts";

const waiting = z.looseObject({
  clientId: z.string(),
  iat: z.number().default(0),
  params: z.looseObject({ scope: z.string().default(""), device_name: z.string().optional() }).default({ scope: "" }),
  deviceInfo: z.object({ address: z.string(), agent: z.string() }).partial().default({}),
});

/**
 * Describes a request to the user who typed its code. Guesses are limited by account and source, like wrong passwords.
 * @throws HoldfastError not_found for an unknown code, rate_limited
 */
export async function readDeviceRequest(
  world: AccountWorld,
  caller: Caller,
  userCode: string,
  source: string,
): Promise<z.output<typeof deviceRequest>> {
  const { asks, expiresAtMicros, client, isSession } = await find(world, caller, userCode, source);
  const words = wordsFor(client, asks.params, caller);
  return {
    ...words,
    name: isSession ? (asks.params.device_name ?? client.name) : client.name,
    session: isSession,
    address: asks.deviceInfo.address ?? "",
    agent: asks.deviceInfo.agent === undefined || asks.deviceInfo.agent === "" ? null : asks.deviceInfo.agent,
    expires_at: formatTime(expiresAtMicros),
  };
}

/**
 * @throws HoldfastError as `readDeviceRequest`; forbidden if the program requires another account; proof_required if it
 * requires a later proof than the session has
 */
export async function answerDeviceRequest(
  world: AccountWorld,
  caller: Caller,
  answer: { readonly user_code: string; readonly allow: boolean; readonly admin?: boolean | undefined },
  source: string,
): Promise<void> {
  const { asks, client, isSession, code } = await find(world, caller, answer.user_code, source);
  if (!answer.allow) {
    const refusal = { error: "access_denied", errorDescription: "the person refused" };
    if (!(await answerUserCode(world, code, refusal))) throw noSuchCode();
    return;
  }
  assertWanted(asks.params, caller);
  const scope = isSession ? "" : grantedScope(client, asks.params.scope, caller, answer.admin);
  const authTime = await provenFor(world, caller, { params: asks.params, askedAt: asks.iat });
  const grantId = await makeGrant(world, caller, { clientId: client.id, name: client.name, scope });
  const claims = { id_token: { auth_time: { essential: true } } };
  const answered = { accountId: caller.userId, grantId, scope, authTime, claims, sessionId: caller.credential.id };
  if (await answerUserCode(world, code, answered)) return;
  await endGrant(world, grantId);
  throw noSuchCode();
}

async function find(world: AccountWorld, caller: Caller, typed: string, source: string) {
  assertIsPerson(caller);
  const code = plainUserCode(typed);
  const look = () => findByUserCode(world, code);
  const found = await guardAttempt(world.throttle, throttleKey("user-code", `${caller.userId}\0${source}`), look, {
    key: throttleKey("user-code", caller.userId),
    weight: 1,
  });
  const asks = waiting.safeParse(found?.payload);
  if (found === undefined || !asks.success) throw noSuchCode();
  const isSession = found.kind === deviceLoginKind;
  const client = isSession ? commandClient : await findClient(world, asks.data.clientId);
  if (client === undefined) throw noSuchCode();
  return { asks: asks.data, expiresAtMicros: found.expiresAtMicros, client, isSession, code };
}

function plainUserCode(text: string): string {
  return text.normalize("NFKC").toUpperCase().replaceAll(/[\s-]/g, "");
}

function noSuchCode(): HoldfastError {
  return new HoldfastError(
    "not_found",
    "This code does not exist. Check it for typos; it also expires after ten minutes.",
  );
}
