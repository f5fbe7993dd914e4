import { HoldfastError } from "@holdfast/core/errors";
import type { SessionId, TokenId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { DeviceSystem } from "@holdfast/protocol/device-routes";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { findUser } from "../accounts/context/directory.ts";
import { assertPlainText } from "../accounts/context/plain-text.ts";
import { digestOf, makeProgramToken } from "../accounts/context/secret-token.ts";
import { type SessionJson, startSession } from "../accounts/sign-in/sessions.ts";
import { commonBucket, consumeArtifact, type OauthWorld, readArtifact, writeArtifact } from "./artifacts.ts";
import { isSessionLive } from "./device-codes.ts";

/** The command line client is not registered. It receives a normal device's session. */
export const commandClient = { id: "holdfast", name: "Holdfast", scopes: [] };
export const deviceLoginKind = "DeviceLogin";

/** No vowels, so that codes form no words. 8 letters are 34 bits, enough for ten minutes and few guesses. */
const letters = "BCDFGHJKLMNPQRSTVWXZ";
const codeLetters = 8;
const intervalSeconds = 5;

export interface StartedLogin {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/** @param asker origin of the request, shown to the user */
export async function startDeviceLogin(
  world: OauthWorld,
  { device_name, system }: { readonly device_name: string; readonly system?: DeviceSystem | undefined },
  asker: { readonly address: string; readonly agent: string | undefined },
): Promise<StartedLogin> {
  assertPlainText(device_name, "device_name");
  const userCode = makeUserCode(world.random);
  const deviceCode = makeProgramToken("v", commonBucket, world.random);
  const lifetimeSeconds = limits.deviceCodeLifetimeMs / 1000;
  const payload = {
    userCode,
    clientId: commandClient.id,
    params: { scope: "", device_name, ...(system === undefined ? {} : { system }) },
    deviceInfo: { address: asker.address, agent: (asker.agent ?? "").slice(0, 200) },
  };
  await writeArtifact(world, deviceLoginKind, deviceCode, { payload, lifetimeSeconds });
  const shown = `${userCode.slice(0, codeLetters / 2)}-${userCode.slice(codeLetters / 2)}`;
  return { deviceCode, userCode: shown, expiresInSeconds: lifetimeSeconds, intervalSeconds };
}

function makeUserCode(random: (bytes: number) => Uint8Array): string {
  let code = "";
  const fair = 256 - (256 % letters.length);
  while (code.length < codeLetters)
    for (const byte of random(codeLetters)) if (byte < fair) code += letters[byte % letters.length] ?? "";
  return code.slice(0, codeLetters);
}

/**
 * Last poll of each code, by hash, to slow down clients that poll too soon. It suffices that each process counts its
 * own polls.
 */
const lastAsked = new Map<string, number>();
const lastAskedMax = 10_000;

export type DeviceLoginAnswer =
  | { readonly session: SessionJson; readonly email: string; readonly userId: UserId }
  | { readonly waitSeconds: number };

/**
 * Creates the session of an approved device, in the transaction that consumes the approval. A changed password,
 * suspension or revocation removes the approval, and the approving session must still exist.
 * @param address of the device
 * @throws HoldfastError unauthenticated if denied, used or expired; address_not_allowed
 */
export async function finishDeviceLogin(
  world: AccountWorld,
  deviceCode: string,
  address: string,
): Promise<DeviceLoginAnswer> {
  const asked = await readArtifact(world, deviceLoginKind, deviceCode);
  const ended = (why: string) => new HoldfastError("unauthenticated", `${why} Start again with holdfast login.`);
  if (asked === undefined) throw ended("The time for approval has expired.");
  if ("error" in asked) throw ended("It was denied in the browser.");
  if (asked["consumed"] !== undefined) throw ended("This code was already used.");
  if (typeof asked["accountId"] !== "string") return { waitSeconds: waitFor(deviceCode, world.clock.nowMs()) };
  if (!(await consumeArtifact(world, deviceCode))) throw ended("This code was already used.");
  const user = await findUser(world.shards, asked["accountId"] as UserId);
  if (user === undefined) throw ended("The account no longer exists.");
  const { device_name: name, system = null } = asked["params"] as { device_name: string; system?: DeviceSystem };
  const letInBy = asked["sessionId"] as SessionId;
  const device = { name, address, browser: false, system, signed_in_by: "browser" as const, letInBy };
  const session = await startSession(world, user, device, async (transaction) => {
    const taken = await transaction
      .deleteFrom("shard.tokens")
      .where("id", "=", asked["grantId"] as TokenId)
      .where("user_id", "=", user.id)
      .where("client_id", "=", commandClient.id)
      .where("expires_at", ">", world.clock.nowMicros())
      .returning("id")
      .executeTakeFirst();
    const isTaken = taken !== undefined && (await isSessionLive(transaction, user.id, asked["sessionId"], world));
    return isTaken ? undefined : ended("The approval was withdrawn.");
  });
  return { session, email: user.email, userId: user.id };
}

function waitFor(deviceCode: string, nowMs: number): number {
  const key = digestOf(deviceCode).toString("hex");
  const before = lastAsked.get(key) ?? 0;
  const [oldest] = lastAsked.keys();
  if (lastAsked.size >= lastAskedMax && oldest !== undefined) lastAsked.delete(oldest);
  lastAsked.delete(key);
  lastAsked.set(key, nowMs);
  return nowMs - before < (intervalSeconds - 1) * 1000 ? 2 * intervalSeconds : intervalSeconds;
}
