import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { openStoredSecrets } from "./stored-secrets.ts";
import { Api, endSoon, eventually } from "./testing.ts";

export interface BadToken {
  readonly name: string;
  readonly token: string | undefined;
}

export async function makeBadTokens({
  data,
  owner,
  admin,
  account,
}: {
  readonly data: string;
  readonly owner: Api;
  readonly admin: Api;
  readonly account: { email: string; password: string };
}): Promise<BadToken[]> {
  return [
    { name: "no token", token: undefined },
    { name: "nonsense", token: "nonsense" },
    { name: "a token signed with another key", token: forgedJwt(owner.token!) },
    { name: "a token without a signature", token: unsignedJwt(owner.token!) },
    { name: "an expired personal token", token: await expiredToken(owner) },
    { name: "an expired access token", token: await expiredJwt(data, owner) },
    { name: "an access token of another server", token: await foreignJwt(data, owner) },
    { name: "the token of a suspended user", token: await suspendedToken(owner.url, admin) },
    { name: "a revoked session", token: await revokedSession(owner.url, account) },
    { name: "a personal token with another secret", token: await alteredToken(owner) },
  ];
}

function forgedJwt(genuine: string): string {
  const [, payload] = genuine.split(".");
  const head = Buffer.from(JSON.stringify({ alg: "EdDSA", typ: "JWT" })).toString("base64url");
  const { privateKey } = generateKeyPairSync("ed25519");
  return `${head}.${payload}.${sign(null, Buffer.from(`${head}.${payload}`), privateKey).toString("base64url")}`;
}

function unsignedJwt(genuine: string): string {
  return `${Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url")}.${genuine.split(".")[1]}.`;
}

async function expiredToken(owner: Api): Promise<string> {
  const scopes = ["files:read", "files:write", "account"];
  const { body } = await endSoon((expires_at) => owner.call("POST", "/tokens", { name: "short", scopes, expires_at }));
  const api = new Api(owner.url, body.token);
  await eventually("it is over", 60_000, async () =>
    (await api.call("GET", "/account")).status === 401 ? true : undefined,
  );
  return body.token;
}

/** Signed with the server's own key, so that only the time is wrong. */
async function expiredJwt(data: string, { url, token }: Api): Promise<string> {
  const { accessKey } = await openStoredSecrets(data);
  const nowSeconds = Math.floor(Date.now() / 1000);
  const good = resignJwt(token!, accessKey, { exp: nowSeconds + 60 });
  assert.equal((await new Api(url, good).call("GET", "/account")).status, 200, "the signature is not the server's");
  return resignJwt(token!, accessKey, { exp: nowSeconds - 1 });
}

async function foreignJwt(data: string, { token }: Api): Promise<string> {
  const { accessKey } = await openStoredSecrets(data);
  return resignJwt(token!, accessKey, { iss: "0".repeat(32) });
}

function resignJwt(genuine: string, key: KeyObject, changes: Record<string, unknown>): string {
  const [head, payload] = genuine.split(".");
  const claims = { ...JSON.parse(Buffer.from(payload!, "base64url").toString()), ...changes };
  const text = `${head}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString("base64url")}`;
}

async function suspendedToken(url: string, admin: Api): Promise<string> {
  const account = { email: "suspended@example.com", password: "the suspended password" };
  assert.equal((await admin.call("POST", "/admin/users", account)).status, 201);
  const api = await Api.signIn(url, account);
  assert.equal((await api.call("GET", "/account")).status, 200);
  assert.equal((await admin.call("PATCH", `/admin/users/${account.email}`, { disabled: true })).status, 200);
  return api.token!;
}

async function revokedSession(url: string, account: { email: string; password: string }): Promise<string> {
  const api = await Api.signIn(url, account);
  assert.equal((await api.call("DELETE", "/sessions/current")).status, 204);
  return api.token!;
}

async function alteredToken(owner: Api): Promise<string> {
  const { body } = await owner.call("POST", "/tokens", {
    name: "altered",
    scopes: ["files:read", "files:write", "account"],
  });
  const token: string = body.token;
  return token.slice(0, -2) + (token.endsWith("AA") ? "BB" : "AA");
}
