import { createHash, generateKeyPairSync } from "node:crypto";
import type { Clock } from "@holdfast/core/clock";
import { type SecretWrapper, serverFact, replaceServerFact } from "../accounts/context/server-secrets.ts";
import type { Shards } from "../../base/db/shards.ts";

export interface SigningKey {
  readonly madeMicros: number;
  /** Private key (RFC 7517), with its `kid`, `use` and `alg`. */
  readonly jwk: Record<string, unknown>;
}

const dayMicros = 86_400_000_000;
/** Limits the use of a leaked key. */
const lifetimeMicros = 90 * dayMicros;
/** Programs fetch keys daily, or when they see an unknown one, so keys are published this long before they sign. */
const publishedBeforeMicros = dayMicros;
/** Time for which a key stays published. Tokens are valid for 15 minutes, but programs send them again at sign-out. */
const keptAfterMicros = 30 * dayMicros;

/**
 * @param keys newest first
 * @param make called when a new key is due
 * @returns published keys, newest first
 */
export function rotateKeys(
  keys: readonly SigningKey[],
  nowMicros: number,
  make: (madeMicros: number) => SigningKey,
): readonly SigningKey[] {
  const [newest] = keys;
  const isDue = newest === undefined || nowMicros - newest.madeMicros >= lifetimeMicros;
  const all = isDue ? [make(nowMicros), ...keys] : keys;
  const signing = signingKey(all, nowMicros);
  const isSettled = nowMicros - signing.madeMicros >= publishedBeforeMicros + keptAfterMicros;
  return isSettled ? all.slice(0, all.indexOf(signing) + 1) : all;
}

/** Newest key that has been published long enough. If all are new, the oldest, because clients know no other. */
export function signingKey(keys: readonly SigningKey[], nowMicros: number): SigningKey {
  const known = keys.find(({ madeMicros }) => nowMicros - madeMicros >= publishedBeforeMicros) ?? keys.at(-1);
  if (known === undefined) throw new RangeError("no keys");
  return known;
}

const factName = "openid_keys";

interface KeyWorld {
  readonly shards: Shards;
  readonly wrapper: SecretWrapper;
  readonly clock: Clock;
}

/**
 * Signing keys as JWKs, all published; the first signs. Creates them on first use, because most servers have no
 * programs, and rotates them. One of several concurrent processes wins.
 */
export async function openSigningKeys({ shards, wrapper, clock }: KeyWorld): Promise<Record<string, unknown>[]> {
  const nowMicros = clock.nowMicros();
  let stored = await serverFact(shards, wrapper, factName, () => encode([makeKey(nowMicros)]));
  for (;;) {
    const keys = decode(stored.value);
    const next = rotateKeys(keys, nowMicros, makeKey);
    if (next === keys) return inOrder(keys, nowMicros);
    if (await replaceServerFact(shards, wrapper, stored, encode(next))) return inOrder(next, nowMicros);
    stored = await serverFact(shards, wrapper, factName, () => encode(next));
  }
}

function inOrder(keys: readonly SigningKey[], nowMicros: number): Record<string, unknown>[] {
  const first = signingKey(keys, nowMicros);
  return [first, ...keys.filter((key) => key !== first)].map(({ jwk }) => jwk);
}

function makeKey(madeMicros: number): SigningKey {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = privateKey.export({ format: "jwk" });
  const kid = createHash("sha256").update(String(jwk["n"])).digest("base64url").slice(0, 16);
  return { madeMicros, jwk: { ...jwk, kid, use: "sig", alg: "RS256" } };
}

interface StoredKey extends Record<string, unknown> {
  /** Missing in keys from before rotation. */
  readonly made_micros?: number;
}

function encode(keys: readonly SigningKey[]): Buffer {
  return Buffer.from(JSON.stringify(keys.map(toStored)));
}

function decode(value: Buffer): readonly SigningKey[] {
  return (JSON.parse(value.toString("utf8")) as StoredKey[]).map(fromStored);
}

function toStored({ jwk, madeMicros }: SigningKey): StoredKey {
  return { ...jwk, made_micros: madeMicros };
}

function fromStored({ made_micros: madeMicros = 0, ...jwk }: StoredKey): SigningKey {
  return { madeMicros, jwk };
}
