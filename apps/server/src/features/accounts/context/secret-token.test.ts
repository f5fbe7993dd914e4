import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { test } from "node:test";
import { bucketCount, makeId, type SessionId, toBucket, type TokenId, type UserId } from "@holdfast/core/ids";
import { fc } from "@holdfast/tools/properties";
import { isLongTier } from "@holdfast/tools/tiers";
import { readAccessToken, signAccessToken } from "../callers/access-token.ts";
import { emailKey } from "./email-address.ts";
import {
  bucketOfInvitationToken,
  makeInvitationToken,
  makePersonalToken,
  makeRefreshToken,
  parsePersonalToken,
  parseRefreshToken,
} from "./secret-token.ts";
import type { ServerSecrets } from "./server-secrets.ts";

const keys = generateKeyPairSync("ed25519");
const secrets: ServerSecrets = {
  serverId: "0".repeat(32),
  accessPrivateKey: keys.privateKey,
  accessPublicKey: keys.publicKey,
  refreshKey: randomBytes(32),
  grantKey: randomBytes(32),
  thumbKey: randomBytes(32),
  auditKey: randomBytes(32),
  mailKey: randomBytes(32),
};
const nowMs = Date.UTC(2026, 0, 1);
const bucket = fc.integer({ min: 0, max: bucketCount - 1 }).map(toBucket);
const sessionId = bucket.map((each) => makeId<SessionId>(each, nowMs, randomBytes(8)));

function damaged(genuine: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({ at: fc.nat(200), text: fc.string({ unit: "binary", maxLength: 3 }), remove: fc.nat(3) });
  const changed = fc
    .tuple(genuine, change)
    .map(([text, { at, text: inserted, remove }]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + inserted + text.slice(place + remove);
    })
    .filter((text) => text !== "");
  return fc.oneof({ weight: 4, arbitrary: changed }, fc.string({ unit: "binary", maxLength: 300 }), fc.base64String());
}

test("every token reads back as created", () => {
  fc.assert(
    fc.property(sessionId, fc.integer({ min: 1, max: 1e14 }), bucket, (id, number, ofInvitation) => {
      assert.deepEqual(parseRefreshToken(secrets.refreshKey, makeRefreshToken(secrets.refreshKey, id, number)), {
        sessionId: id,
        number,
      });
      assert.equal(parsePersonalToken(makePersonalToken(id as string as TokenId, randomBytes)), id);
      for (const kind of ["setup", "invite"] as const) {
        assert.equal(bucketOfInvitationToken(makeInvitationToken(kind, ofInvitation, randomBytes)), ofInvitation);
      }
    }),
  );
});

test("a modified refresh token is rejected, and no text makes the parser throw", () => {
  const genuine = fc
    .tuple(sessionId, fc.integer({ min: 1, max: 1e14 }))
    .map(([id, number]) => makeRefreshToken(secrets.refreshKey, id, number));
  fc.assert(
    fc.property(genuine, damaged(genuine), (token, text) => {
      assert.equal(parseRefreshToken(randomBytes(32), token), undefined);
      const parsed = parseRefreshToken(secrets.refreshKey, text);
      if (parsed !== undefined) {
        assert.equal(makeRefreshToken(secrets.refreshKey, parsed.sessionId, parsed.number), text);
      }
    }),
    { numRuns: isLongTier ? 1000 : 150 },
  );
});

test("no text makes the parsers of personal tokens and invitations throw or return an invalid bucket", () => {
  const personal = sessionId.map((id) => makePersonalToken(id as string as TokenId, randomBytes));
  const invitation = bucket.map((each) => makeInvitationToken("invite", each, randomBytes));
  fc.assert(
    fc.property(damaged(fc.oneof(personal, invitation)), (text) => {
      const id = parsePersonalToken(text);
      if (id !== undefined) assert.match(text, /^hfp_[0-9a-f]{32}_[\w-]{43}$/);
      const found = bucketOfInvitationToken(text);
      if (found !== undefined) assert.ok(found >= 0 && found < bucketCount);
    }),
    { numRuns: 1000 },
  );
});

test("an access token returns its claims for 15 minutes, only to the server that signed it", async () => {
  const claims = {
    userId: makeId<UserId>(toBucket(1), nowMs, randomBytes(8)),
    sessionId: makeId<SessionId>(toBucket(1), nowMs, randomBytes(8)),
    number: 7,
  };
  const token = signAccessToken(secrets, claims, nowMs);
  assert.deepEqual(await readAccessToken(secrets, token, nowMs + 899_000), {
    ...claims,
    expiresAtMs: nowMs + 900_000,
  });
  assert.equal(await readAccessToken(secrets, token, nowMs + 900_000), undefined);
  assert.equal(await readAccessToken({ ...secrets, serverId: "1".repeat(32) }, token, nowMs), undefined);
  const other = generateKeyPairSync("ed25519");
  assert.equal(await readAccessToken({ ...secrets, accessPublicKey: other.publicKey }, token, nowMs), undefined);
  const [, payload] = token.split(".");
  const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url");
  assert.equal(await readAccessToken(secrets, `${unsigned}.${payload}.`, nowMs), undefined);
});

test("no damaged access token is accepted, and none makes the reader throw", async () => {
  const userId = makeId<UserId>(toBucket(1), nowMs, randomBytes(8));
  const genuine = signAccessToken(secrets, { userId, sessionId: userId as string as SessionId, number: 1 }, nowMs);
  await fc.assert(
    fc.asyncProperty(damaged(fc.constant(genuine)), async (text) => {
      const claims = await readAccessToken(secrets, text, nowMs);
      // Base64url leaves bits unused at the end of a signature. A token may be spelled differently, but never has other
      // claims.
      if (claims !== undefined) assert.equal(text.slice(0, -2), genuine.slice(0, -2));
    }),
    { numRuns: isLongTier ? 1000 : 150 },
  );
});

test("an address key is idempotent and independent of spelling", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => {
      assert.equal(emailKey(emailKey(text)), emailKey(text));
      assert.equal(emailKey(`  ${text.normalize("NFD")} `), emailKey(text));
    }),
  );
  assert.equal(emailKey("JOSE\u0301@Example.ORG"), emailKey("jos\u00e9@example.org"));
});
