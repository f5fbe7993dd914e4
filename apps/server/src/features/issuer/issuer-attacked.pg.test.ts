import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { text } from "node:stream/consumers";
import { after, before, beforeEach, test } from "node:test";
import type { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { generateKeyPair } from "jose";
import { confirmAddress, confirmationLink } from "../accounts/people/confirm-address.ts";
import { signIn as signInHere } from "../accounts/sign-in/sessions.ts";
import { createTestUser, openTestAccounts, signedInAs, type TestAccounts, testPassword } from "../accounts/testing.ts";
import { oidcSchema, readOidc } from "../../base/config/oidc-settings.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { readAnswer, sealAnswer } from "./answers.ts";
import type { ClaimsWorld } from "./follow-claims.ts";
import { issuerNetwork } from "./issuer-fetch.ts";
import { openIssuer } from "./open-issuer.ts";
import { findLinked, linkIdentity } from "./outside-identities.ts";
import { signInFromOutside } from "./sign-in-from-outside.ts";
import { type Liar, startLiar } from "./testing-liar.ts";
import { testClient } from "./testing-provider.ts";

let databases: TestDatabases;
let world: TestAccounts & ClaimsWorld;
let liar: Liar;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  liar = await startLiar();
});
beforeEach(async () => {
  world = { ...(await openTestAccounts(databases.shards)), log: { warn: () => {}, info: () => {} } };
  liar.lies = {};
  liar.asked.length = 0;
});
after(async () => {
  await databases?.stop();
  await liar?.stop();
});

const redirectUri = "https://drive.example.org/sign-in/callback";

function settingsOf(more: object = {}) {
  const settings = readOidc(oidcSchema.parse({ issuer: liar.issuer, ...testClient, ...more }), []);
  assert.ok(settings !== undefined);
  return settings;
}

async function leave(issuer = openIssuer(settingsOf()), returnTo = "/files") {
  const { url, kept } = await issuer.begin(world, { purpose: "sign-in", redirectUri, returnTo });
  const asked = new URL(url).searchParams;
  liar.nonce = asked.get("nonce") ?? "";
  return { issuer, url, kept, answer: { code: "code", state: asked.get("state") ?? "" } };
}

async function signIn(more: object = {}) {
  const settings = settingsOf(more);
  const { issuer, kept, answer } = await leave(openIssuer(settings));
  const ticket = sealAnswer(world, await issuer.finish(world, answer, kept));
  return {
    ticket,
    session: () =>
      signInFromOutside(world, settings, { ticket, name: "Firefox", system: undefined, address: "192.0.2.1" }),
  };
}

const refused = (code: string) => (error: HoldfastError) => error.code === code;

test("a response to another browser or with another state is rejected before contacting the issuer", async () => {
  const { issuer, kept, answer } = await leave();
  const other = await leave(issuer);
  const tokens = () => liar.asked.filter((path) => path === "/token").length;
  // Another user's code and state in this browser would sign it in as that user, who would receive everything written.
  await assert.rejects(issuer.finish(world, other.answer, kept), refused("unauthenticated"));
  await assert.rejects(issuer.finish(world, answer, other.kept), refused("unauthenticated"));
  await assert.rejects(issuer.finish(world, answer, undefined), refused("unauthenticated"));
  await assert.rejects(issuer.finish(world, { ...answer, state: "" }, kept), refused("unauthenticated"));
  await assert.rejects(
    issuer.finish(
      world,
      answer,
      kept.replace(/.(?=.$)/, (last) => (last === "A" ? "B" : "A")),
    ),
    refused("unauthenticated"),
  );
  assert.equal(tokens(), 0);
  await issuer.finish(world, other.answer, other.kept);
  assert.equal(tokens(), 1);
});

test("each sign-in has its own state, nonce and challenge, which no other response matches", async () => {
  const { issuer, kept, answer, url } = await leave();
  const said = liar.nonce;
  const other = await leave(issuer);
  for (const name of ["state", "nonce", "code_challenge"]) {
    const [one, another] = [url, other.url].map((each) => new URL(each).searchParams.get(name) ?? "");
    assert.ok(one !== another && (one?.length ?? 0) >= 32, name);
  }
  liar.lies = { claims: { nonce: said } };
  await assert.rejects(issuer.finish(world, other.answer, other.kept), refused("unauthenticated"));
  await issuer.finish(world, answer, kept);
});

test("S256 is always sent, and its verifier is sent only to the token endpoint", async () => {
  for (const methods of [["S256"], ["plain"], [], undefined]) {
    let sent = Promise.resolve(new URLSearchParams());
    liar.lies = {
      description: { code_challenge_methods_supported: methods },
      answer: (request) => {
        if (request.url === "/token") sent = text(request).then((body) => new URLSearchParams(body));
        return false;
      },
    };
    const { issuer, kept, answer, url } = await leave();
    const asked = new URL(url).searchParams;
    assert.equal(asked.get("code_challenge_method"), "S256", String(methods));
    await issuer.finish(world, answer, kept);
    const verifier = (await sent).get("code_verifier") ?? "";
    assert.equal(createHash("sha256").update(verifier).digest("base64url"), asked.get("code_challenge"));
    assert.ok(verifier.length >= 43 && !url.includes(verifier) && !kept.includes(verifier));
  }
});

test("a code of another sign-in is rejected even if the issuer ignores challenges", async () => {
  const victim = await leave();
  const nonceOfVictim = liar.nonce;
  const thief = await leave(victim.issuer);
  // The victim's code in the attacker's browser: the id token has the nonce of the victim's sign-in.
  liar.nonce = nonceOfVictim;
  await assert.rejects(thief.issuer.finish(world, thief.answer, thief.kept), refused("unauthenticated"));
});

test("the browser's state is valid for ten minutes and encrypted", async () => {
  const { issuer, kept, answer } = await leave();
  assert.doesNotMatch(Buffer.from(kept, "base64url").toString("latin1"), new RegExp(answer.state));
  world.clock.forwardMs(limits.outsideSignInMs);
  await assert.rejects(issuer.finish(world, answer, kept), refused("unauthenticated"));
});

const lies: Record<string, () => Promise<object> | object> = {
  "has no nonce": () => ({ claims: { nonce: undefined } }),
  "has another nonce": () => ({ claims: { nonce: "of another sign-in" } }),
  "is signed by another key": async () => ({ key: (await generateKeyPair("RS256")).privateKey }),
  "is for another client": () => ({ claims: { aud: "another" } }),
  "has several audiences and another authorized party": () => ({
    claims: { aud: ["another", "holdfast"], azp: "another" },
  }),
  "has another issuer": () => ({ claims: { iss: "https://accounts.example.net" } }),
  "has expired": () => ({ claims: { exp: Math.floor(Date.now() / 1000) - 600 } }),
  "has no expiry": () => ({ claims: { exp: undefined } }),
  "has no subject": () => ({ claims: { sub: undefined } }),
  "is not signed": () => ({
    idToken: (honest: string) => `${Buffer.from('{"alg":"none"}').toString("base64url")}.${honest.split(".")[1]}.`,
  }),
  "is not signed, although discovery allows that": () => ({
    description: { id_token_signing_alg_values_supported: ["none", "RS256"] },
    idToken: (honest: string) => `${Buffer.from('{"alg":"none"}').toString("base64url")}.${honest.split(".")[1]}.`,
  }),
  "has another signature": () => ({ idToken: (honest: string) => `${honest.slice(0, -8)}AAAAAAAA` }),
};

for (const [what, lie] of Object.entries(lies)) {
  test(`an id token that ${what} is rejected`, async () => {
    liar.lies = await lie();
    const { issuer, kept, answer } = await leave();
    await assert.rejects(issuer.finish(world, answer, kept), refused("unauthenticated"));
  });
}

test("userinfo of another subject is rejected", async () => {
  liar.lies = { userinfo: { sub: "somebody-else", email: "a@example.com", email_verified: true } };
  const { issuer, kept, answer } = await leave();
  await assert.rejects(issuer.finish(world, answer, kept), refused("unauthenticated"));
});

test("discovery and responses that name another issuer are rejected", async () => {
  liar.lies = { description: { issuer: "https://accounts.example.net" } };
  await assert.rejects(leave(), refused("unauthenticated"));
  liar.lies = { description: { authorization_response_iss_parameter_supported: true } };
  const { issuer, kept, answer } = await leave();
  await assert.rejects(
    issuer.finish(world, { ...answer, iss: "https://accounts.example.net" }, kept),
    refused("unauthenticated"),
  );
  await assert.rejects(issuer.finish(world, answer, kept), refused("unauthenticated"));
  await issuer.finish(world, { ...answer, iss: liar.issuer }, kept);
});

test("a slow, endless or redirecting issuer is limited in time and memory", async () => {
  const network = { ...issuerNetwork(liar.issuer, false), timeoutMs: 300 };
  const begin = () => leave(openIssuer(settingsOf(), network));
  liar.lies = { answer: () => true };
  await assert.rejects(begin(), /did not answer in time/);
  liar.lies = {
    answer: (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const drip = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(drip));
      return true;
    },
  };
  await assert.rejects(begin(), /did not answer in time/);
  const chunk = Buffer.alloc(256 * 1024, " ");
  let sentBytes = 0;
  liar.lies = {
    answer: (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = () => {
        while (!response.destroyed && response.write(chunk)) sentBytes += chunk.length;
      };
      response.on("drain", more);
      more();
      return true;
    },
  };
  const patient = () => leave(openIssuer(settingsOf(), { ...network, timeoutMs: 60_000 }));
  await assert.rejects(patient(), /larger than 1048576 bytes/);
  assert.ok(sentBytes < 64 * 1024 * 1024, `${sentBytes} bytes were taken`);
  liar.lies = {
    answer: (_, response) => {
      response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data" }).end();
      return true;
    },
  };
  await assert.rejects(patient(), /redirects are not followed/);
});

test("endpoints in private networks are not contacted", async () => {
  const inside = await startLiar();
  try {
    const port = new URL(inside.issuer).port;
    for (const host of ["localhost", "[::1]", "127.0.0.2"]) {
      liar.lies = { description: { token_endpoint: `http://${host}:${port}/token` } };
      const { issuer, kept, answer } = await leave();
      await assert.rejects(issuer.finish(world, answer, kept), /has a private address/, host);
    }
    assert.deepEqual(inside.asked, []);
  } finally {
    await inside.stop();
  }
});

test("a response creates one session, even when sent concurrently", async () => {
  liar.lies = { claims: { sub: "once", email: "once@example.com", email_verified: true } };
  const { session } = await signIn({ create_accounts: ["example.com"] });
  const done = await Promise.allSettled(Array.from({ length: 6 }, session));
  assert.equal(done.filter(({ status }) => status === "fulfilled").length, 1);
  await assert.rejects(session(), refused("unauthenticated"));
});

test("an expired, modified or misused ticket is rejected", async () => {
  const { ticket, session } = await signIn();
  assert.throws(() => readAnswer(world, "link somebody", ticket), refused("unauthenticated"));
  assert.throws(
    () => readAnswer(world, "sign-in", `${ticket.startsWith("A") ? "B" : "A"}${ticket.slice(1)}`),
    refused("unauthenticated"),
  );
  world.clock.forwardMs(limits.outsideSignInMs);
  await assert.rejects(session(), refused("unauthenticated"));
});

test("an account is linked only by a verified, trusted and confirmed address, and never for administrators", async () => {
  const trusting = { link_by_verified_address: ["corp.example"], create_accounts: ["corp.example"] };
  const verified = { email_verified: true };
  await createTestUser(world, "ann@corp.example");
  await createTestUser(world, "boss@corp.example", { admin: true });
  await createTestUser(world, "squatted@corp.example", { confirmed: false });
  await createTestUser(world, "ann@other.example");
  const attempts: [object, object][] = [
    [{ email: "ann@corp.example", ...verified }, {}],
    [{ email: "ann@corp.example" }, trusting],
    [{ email: "ann@corp.example", email_verified: false }, trusting],
    [{ email: "ann@corp.example", email_verified: "false" }, trusting],
    [{ email: "ann@corp.example", email_verified: "true" }, trusting],
    [{ email: "ann@corp.example", email_verified: 1 }, trusting],
    [{ email: "boss@corp.example", ...verified }, trusting],
    [{ email: "squatted@corp.example", ...verified }, trusting],
    [{ email: "ann@other.example", ...verified }, trusting],
    [{ email: "ann@other.example@corp.example", ...verified }, trusting],
    [{ email: ["ann@corp.example"], ...verified }, trusting],
  ];
  for (const [at, [claims, settings]] of attempts.entries()) {
    liar.lies = { claims: { sub: `mallory-${at}`, ...claims } };
    const { session } = await signIn(settings);
    await assert.rejects(session(), refused("forbidden"), JSON.stringify(claims));
  }
  // A flag of the userinfo endpoint does not apply to another address in the id token.
  liar.lies = {
    claims: { sub: "victor", email: "ann@corp.example" },
    userinfo: { email: "x@corp.example", ...verified },
  };
  const { session } = await signIn(trusting);
  await assert.rejects(session(), refused("forbidden"));
  // The issuer has reused an address. The account stays with its first user.
  const as = async (sub: string) => {
    liar.lies = { claims: { sub, email: "ann@corp.example", ...verified } };
    return (await signIn(trusting)).session();
  };
  await as("ann");
  await assert.rejects(as("the next ann"), refused("forbidden"));
  await as("ann");
});

test("a former address of an account no longer links it, even if the directory is outdated", async () => {
  const user = await createTestUser(world, "left@corp.example");
  const db = databases.shards.ofId(user.id).db;
  await db.updateTable("shard.users").set({ next_email: "private@other.example" }).where("id", "=", user.id).execute();
  const token = confirmationLink(world, user.id, "private@other.example").replace("/setup#", "");
  // No queue runs here, as during an outage of the directory's shard.
  await confirmAddress(world, await signedInAs(world, user), token);
  liar.lies = { claims: { sub: "who has it next", email: "left@corp.example", email_verified: true } };
  const { session } = await signIn({ link_by_verified_address: ["corp.example"] });
  await assert.rejects(session(), refused("forbidden"));
  await assert.rejects(signInHere(world, { email: "left@corp.example", password: testPassword }, "192.0.2.1"), {
    code: "unauthenticated",
  });
  await signInHere(world, { email: "private@other.example", password: testPassword }, "192.0.2.1");
});

test("an unverified address does not disclose whether it has an account", async () => {
  await createTestUser(world, "known@example.com");
  const said = async (claims: object, settings: object) => {
    liar.lies = { claims: { sub: "asker", ...claims } };
    const { session } = await signIn(settings);
    return session().then(
      () => "signed in",
      (error: unknown) => (error as Error).message,
    );
  };
  for (const settings of [{}, { create_accounts: ["example.com"] }]) {
    const known = await said({ email: "known@example.com", email_verified: false }, settings);
    assert.equal(known, await said({ email: "unknown@example.com", email_verified: false }, settings));
  }
});

test("a disabled account, and one unlinked during its sign-in, are rejected", async () => {
  const user = await createTestUser(world, "gone@example.com");
  liar.lies = { claims: { sub: "gone" } };
  const first = await signIn();
  await linkIdentity(world, user.id, readAnswer(world, "sign-in", first.ticket).claims);
  await first.session();
  const db = databases.shards.ofId(user.id).db;
  await db.updateTable("shard.users").set({ disabled_at: 1 }).where("id", "=", user.id).execute();
  const second = await signIn();
  await assert.rejects(second.session(), refused("forbidden"));
  await db.updateTable("shard.users").set({ disabled_at: null }).where("id", "=", user.id).execute();
  await db.deleteFrom("shard.outside_identities").where("user_id", "=", user.id).execute();
  await assert.rejects(second.session(), refused("forbidden"));
});

test("one of several accounts that link the same identity concurrently gets it", async () => {
  const users = await Promise.all([1, 2, 3].map((at) => createTestUser(world, `racer-${at}@example.com`)));
  liar.lies = { claims: { sub: "raced-for" } };
  const { claims } = readAnswer(world, "sign-in", (await signIn()).ticket);
  const done = await Promise.allSettled(users.map(({ id }) => linkIdentity(world, id, claims)));
  assert.equal(done.filter(({ status }) => status === "fulfilled").length, 1);
  const winner = users[done.findIndex(({ status }) => status === "fulfilled")];
  assert.equal((await findLinked(world, claims))?.id, winner?.id);
  world.clock.forwardMs(120_000);
  const late = users.find(({ id }) => id !== winner?.id);
  assert.ok(late !== undefined);
  await assert.rejects(linkIdentity(world, late.id, claims), refused("exists"));
});

test("the return target is always a path of this server", async () => {
  for (const [asked, place] of [
    ["/starred?sort=-name", "/starred?sort=-name"],
    ["https://evil.example/", "/files"],
    ["//evil.example/", "/files"],
    ["/\\evil.example/", "/files"],
    ["/\t/evil.example/", "/files"],
    ["/.//evil.example/", "/files"],
    ["/a/..//evil.example/", "/files"],
    ["javascript:alert(1)", "/files"],
  ] as const) {
    const { issuer, kept, answer } = await leave(openIssuer(settingsOf()), asked);
    const { leaving } = await issuer.finish(world, answer, kept);
    assert.equal(leaving.returnTo, place, asked);
    liar.lies = {};
  }
});

test("an address from userinfo is verified only by userinfo, not by the id token", async () => {
  const elsewhere = { email: "somebody-else@example.com", email_verified: false };
  for (const [claims, userinfo, expected] of [
    [{ email_verified: true }, elsewhere, [elsewhere.email, false]],
    [{ email_verified: false }, { ...elsewhere, email_verified: true }, [elsewhere.email, true]],
    [{ email: "victor@example.com" }, { ...elsewhere, email_verified: true }, ["victor@example.com", false]],
  ] as const) {
    liar.lies = { claims, userinfo };
    const { issuer, kept, answer } = await leave();
    const received = (await issuer.finish(world, answer, kept)).claims;
    assert.deepEqual([received.email, received.emailVerified], expected);
  }
});
