import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "./read-config.ts";
import { settingsInForce } from "./settings-in-force.ts";

const whole = { issuer: "https://id.example.org/realms/people", client_id: "holdfast" };
const read = (settings: unknown) => readConfig({ environment: { HOLDFAST_OIDC: JSON.stringify(settings) } });

test("an issuer is trusted only for its subjects by default, and is read from the environment or the file", () => {
  const { oidc } = read(whole);
  assert.deepEqual(
    [oidc?.linkDomains, oidc?.createDomains, oidc?.only, oidc?.trusted, oidc?.trustsSilence],
    [[], [], false, { amr: [], acr: [] }, false],
  );
  assert.deepEqual([oidc?.name, oidc?.scopes], ["id.example.org", ["openid", "email", "profile"]]);
  const file = JSON.stringify({ oidc: { ...whole, link_by_verified_address: ["Example.ORG"] } });
  assert.deepEqual(readConfig({ environment: {}, file }).oidc?.linkDomains, ["example.org"]);
  assert.equal(readConfig({ environment: {} }).oidc, undefined);
});

test("invalid issuer settings are rejected at the start with the faulty part", () => {
  const refused: [object, RegExp][] = [
    [{ ...whole, issuer: "http://id.example.org" }, /HOLDFAST_OIDC: issuer must be the issuer's address.*https/],
    [{ ...whole, issuer: "https://id.example.org/?realm=a" }, /issuer must be/],
    [{ client_id: "holdfast" }, /HOLDFAST_OIDC: issuer/],
    [{ ...whole, create_accounts: ["*"] }, /create_accounts/],
    [{ ...whole, link_by_verified_address: ["ann@example.org"] }, /link_by_verified_address/],
    [{ ...whole, groups_claim: "groups" }, /groups_claim and groups must be given together/],
    [
      { ...whole, plan_claim: "plan", plans: { gold: "golden" } },
      /plans contains golden, which is not in HOLDFAST_PLANS/,
    ],
    [{ ...whole, client_secret: "a", client_secret_file: "/b" }, /cannot be combined/],
    [{ ...whole, client_secret_file: "/nowhere/secret" }, /client_secret_file cannot be read/],
    [{ ...whole, sign_in_again: "a month" }, /sign_in_again must read like 30d/],
    [{ ...whole, onyl: true }, /onyl/],
  ];
  for (const [settings, words] of refused) assert.throws(() => read(settings), words, JSON.stringify(settings));
});

test("administrators see the effective issuer settings without the secret", () => {
  const written = { ...whole, client_secret: "between the two of us", sign_in_again: "30d" };
  const shown = JSON.stringify(settingsInForce(read(written)));
  assert.match(shown, /realms\/people.*"sign_in_again":"30d"/);
  assert.doesNotMatch(shown, /between the two of us/);
});
