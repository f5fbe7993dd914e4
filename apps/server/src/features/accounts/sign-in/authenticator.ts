import { HoldfastError } from "@holdfast/core/errors";
import type { SessionId, TokenId } from "@holdfast/core/ids";
import { unlessReadOnly } from "../../../base/db/database-error.ts";
import { type AccessClaims, readAccessToken } from "../callers/access-token.ts";
import { type AccountWorld, seenGrainMicros } from "../context/account-world.ts";
import { findAppPassword, readNameAndPassword } from "./app-passwords.ts";
import type { Caller } from "../context/caller.ts";
import { isOfLink, proveLink } from "../callers/link-callers.ts";
import { findCallerAgain, findLiveSession, findLiveToken } from "../callers/live-callers.ts";
import { findProgram } from "../callers/program-callers.ts";
import { digestOf, isSame, parsePersonalToken } from "../context/secret-token.ts";

const verifiedTokensMax = 10_000;

interface Seen {
  readonly address?: string;
  /** The request waits for changes. */
  readonly polls?: boolean;
}

/** Caches only the signature check, so logout, revocation and suspension act immediately. */
export class Authenticator {
  readonly #world: AccountWorld;
  readonly #verified = new Map<string, AccessClaims>();

  constructor(world: AccountWorld) {
    this.#world = world;
  }

  /** @throws HoldfastError unauthenticated, the same for every fault of the token */
  async authenticate(bearer: string | undefined, seen: Seen = {}): Promise<Caller> {
    if (bearer === undefined) throw new HoldfastError("unauthenticated", "This needs a token. Sign in first.");
    const caller = await this.#find(bearer, seen);
    if (caller === undefined) {
      throw new HoldfastError("unauthenticated", "The token is not valid, has expired or was revoked. Sign in again.");
    }
    return caller;
  }

  /**
   * @param given unchecked text after `Basic`
   * @throws HoldfastError unauthenticated, the same for every fault; rate_limited
   */
  async authenticateApp(given: string, source: string): Promise<Caller> {
    const read = readNameAndPassword(given);
    const id = read === undefined ? undefined : await findAppPassword(this.#world, read, source);
    const token = id === undefined ? undefined : await findLiveToken(this.#world, id);
    if (id === undefined || token?.caller.isApp !== true) {
      throw new HoldfastError(
        "unauthenticated",
        "The name or the app password is wrong, or the app password has expired or was revoked. The account's own password is not accepted here.",
      );
    }
    await this.#markSeen(id, token.lastUsedAt);
    return token.caller;
  }

  lookAgain(caller: Caller): Promise<Caller | undefined> {
    return findCallerAgain(this.#world, caller);
  }

  async #find(bearer: string, seen: Seen): Promise<Caller | undefined> {
    const tokenId = parsePersonalToken(bearer);
    if (tokenId !== undefined) return this.#byToken(tokenId, bearer);
    if (bearer.startsWith("hfa_")) return this.#byProgram(bearer);
    return isOfLink(bearer) ? proveLink(this.#world, bearer) : this.#bySession(bearer, seen);
  }

  async #bySession(bearer: string, { address, polls = false }: Seen): Promise<Caller | undefined> {
    const claims = await this.#claims(bearer);
    const session = claims === undefined ? undefined : await findLiveSession(this.#world, claims.sessionId);
    if (claims === undefined || session === undefined || session.caller.userId !== claims.userId) return undefined;
    const { caller, number, isNumberUsed, lastSeenAt, kind } = session;
    if (claims.number === number && !isNumberUsed) await this.#markUsed(claims.sessionId, claims.number);
    const now = this.#world.clock.nowMicros();
    // Besides browsers, only synced folders poll for changes.
    const isSync = polls && kind !== "sync" && kind !== "browser";
    if (isSync || (lastSeenAt ?? 0) < now - seenGrainMicros) {
      const seen = this.#world.shards
        .ofId(claims.sessionId)
        .db.updateTable("shard.devices")
        .set({ last_seen_at: now, ...(address === undefined ? {} : { address }), ...(isSync ? { kind: "sync" } : {}) })
        .where("user_id", "=", caller.userId)
        .where("id", "=", caller.deviceId);
      await unlessReadOnly(seen.execute());
    }
    return caller;
  }

  async #byToken(id: TokenId, bearer: string): Promise<Caller | undefined> {
    const token = await findLiveToken(this.#world, id);
    if (token === undefined || !isSame(token.secretHash, digestOf(bearer))) return undefined;
    await this.#markSeen(id, token.lastUsedAt);
    return token.caller;
  }

  async #byProgram(bearer: string): Promise<Caller | undefined> {
    const program = await findProgram(this.#world, bearer);
    if (program !== undefined) await this.#markSeen(program.id, program.lastUsedAt);
    return program?.caller;
  }

  async #markSeen(id: TokenId, lastUsedAt: number | null): Promise<void> {
    const now = this.#world.clock.nowMicros();
    if ((lastUsedAt ?? 0) >= now - seenGrainMicros) return;
    const { db } = this.#world.shards.ofId(id);
    await unlessReadOnly(db.updateTable("shard.tokens").set({ last_used_at: now }).where("id", "=", id).execute());
  }

  async #claims(token: string): Promise<AccessClaims | undefined> {
    const nowMs = this.#world.clock.nowMs();
    const known = this.#verified.get(token);
    if (known !== undefined && known.expiresAtMs > nowMs) return known;
    this.#verified.delete(token);
    const claims = await readAccessToken(this.#world.secrets, token, nowMs);
    if (claims === undefined) return undefined;
    if (this.#verified.size >= verifiedTokensMax) {
      const oldest = this.#verified.keys().next();
      if (oldest.done !== true) this.#verified.delete(oldest.value);
    }
    this.#verified.set(token, claims);
    return claims;
  }

  /** Records that the answer with the current refresh token arrived, so its predecessor becomes invalid. */
  async #markUsed(sessionId: SessionId, number: number): Promise<void> {
    const used = this.#world.shards
      .ofId(sessionId)
      .db.updateTable("shard.sessions")
      .set({ number_used: true })
      .where("id", "=", sessionId)
      .where("number", "=", number);
    await unlessReadOnly(used.execute());
  }
}
