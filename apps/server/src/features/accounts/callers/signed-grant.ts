import { createHmac } from "node:crypto";
import { type GrantId, isId, type SessionId, type TokenId } from "@holdfast/core/ids";
import type { AccountWorld } from "../context/account-world.ts";
import type { Caller } from "../context/caller.ts";
import { findLiveCaller } from "./live-callers.ts";
import type { CredentialWorld } from "../context/overdue.ts";
import { isSame } from "../context/secret-token.ts";

/** Purpose of a signed address, which is valid for no other purpose. */
export type GrantUse = "block upload" | "download" | "export" | "thumb";

export interface OpenedGrant {
  readonly caller: Caller;
  readonly facts: string;
}

type World = CredentialWorld & Pick<AccountWorld, "secrets">;
type Credential = Caller["credential"];

/**
 * Makes the part of signed addresses that replaces a token. It works until its expiry or the end of the caller's
 * credential, which it names without its secret.
 * @returns function that signs facts, which must need no encoding in a path and have no `~`
 */
export function openSigner(
  world: Pick<World, "secrets">,
  { credential }: Pick<Caller, "credential">,
  use: GrantUse,
  expiresAtMs: number,
): (facts: string) => string {
  const who = `${letters[credential.kind]}${idsText([credential.id])}`;
  const head = [who, stampOf(credential), expiresAtMs.toString(36)].join("~");
  return (facts) => `${head}~${facts}~${signatureOf(world, use, `${head}~${facts}`)}`;
}

/** @returns undefined if not signed for this use, or expired, or the credential has ended */
export async function openGrant(world: World, use: GrantUse, text: string): Promise<OpenedGrant | undefined> {
  const end = text.lastIndexOf("~");
  const signed = text.slice(0, Math.max(0, end));
  if (!isSame(Buffer.from(signatureOf(world, use, signed)), Buffer.from(text.slice(end + 1)))) return undefined;
  const [who = "", stamp, expires = "", facts = ""] = signed.split("~");
  if (Number.parseInt(expires, 36) <= world.clock.nowMs()) return undefined;
  const credential = readCredential(who, stamp);
  const caller = credential === undefined ? undefined : await findLiveCaller(world, credential);
  if (caller === undefined || stampOf(caller.credential) !== stamp) return undefined;
  return { caller, facts };
}

export function idsText(ids: readonly string[]): string {
  return Buffer.from(ids.join("").replaceAll("-", ""), "hex").toString("base64url");
}

export function readIds(text: string): string[] {
  const hex = Buffer.from(text, "base64url").toString("hex");
  return (hex.match(/.{32}/g) ?? [])
    .map((id) => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"))
    .filter(isId);
}

function signatureOf({ secrets }: Pick<World, "secrets">, use: GrantUse, signed: string): string {
  return createHmac("sha256", secrets.grantKey).update(`${use} ${signed}`).digest("base64url");
}

/** A link's stamp changes with its password, which ends earlier addresses. */
function stampOf(credential: Credential): string {
  return credential.kind === "link" ? credential.stamp : "";
}

const letters: Readonly<Record<Credential["kind"], string>> = { session: "s", token: "t", link: "l" };

function readCredential(text: string, stamp = ""): Credential | undefined {
  const [id] = readIds(text.slice(1));
  if (id === undefined) return undefined;
  if (text.startsWith(letters.link)) return { kind: "link", id: id as GrantId, stamp };
  if (text.startsWith(letters.token)) return { kind: "token", id: id as TokenId };
  return { kind: "session", id: id as SessionId };
}
