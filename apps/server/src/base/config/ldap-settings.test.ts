import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "./read-config.ts";
import { settingsInForce } from "./settings-in-force.ts";

const whole = { url: "ldaps://ldap.example.org", base: "dc=example,dc=org" };
const read = (settings: unknown) => readConfig({ environment: { HOLDFAST_LDAP: JSON.stringify(settings) } });

test("an LDAP server is trusted only with passwords by default, and network connections are encrypted by default", () => {
  const { ldap } = read(whole);
  assert.deepEqual([ldap?.linkDomains, ldap?.createDomains, ldap?.groups, ldap?.bind], [[], [], undefined, undefined]);
  assert.deepEqual([ldap?.name, ldap?.everyMs, ldap?.absentShareMax], ["ldap.example.org", 900_000, 0.2]);
  const startTls = (more: object) => read({ ...whole, ...more }).ldap?.startTls;
  assert.equal(startTls({}), false);
  assert.equal(startTls({ url: "ldap://ldap.example.org" }), true);
  assert.equal(startTls({ url: "ldap://127.0.0.1:389" }), false);
  assert.equal(startTls({ url: "ldap://[::1]", starttls: true }), true);
  assert.equal(startTls({ url: "ldap://ldap.example.org", plain: true }), false);
  assert.equal(read({ ...whole, sync_period: "off" }).ldap?.everyMs, undefined);
  assert.equal(readConfig({ environment: {} }).ldap, undefined);
});

test("invalid LDAP settings are rejected at the start with the faulty part", () => {
  const refused: [object, RegExp][] = [
    [{ ...whole, url: "https://ldap.example.org" }, /HOLDFAST_LDAP: url must look like ldaps/],
    [{ ...whole, url: "ldaps://user:secret@ldap.example.org" }, /url must look like/],
    [{ ...whole, url: "ldaps://ldap.example.org/dc=org??sub" }, /url must look like/],
    [{ ...whole, url: "ldap://ldap.example.org", starttls: false }, /needs starttls; with plain/],
    [{ ...whole, plain: true }, /are for ldap:/],
    [{ url: whole.url }, /HOLDFAST_LDAP: base/],
    [{ ...whole, bind_dn: "cn=drive" }, /bind_dn and bind_password must be given together/],
    [{ ...whole, bind_dn: "cn=drive", bind_password: "a", bind_password_file: "/b" }, /cannot be combined/],
    [{ ...whole, bind_dn: "cn=drive", bind_password_file: "/nowhere" }, /bind_password_file cannot be read/],
    [{ ...whole, ca_file: "/nowhere" }, /ca_file cannot be read/],
    [{ ...whole, login_filter: "(uid=ann)" }, /login_filter must contain \{login\}/],
    [{ ...whole, login_filter: "uid={login}" }, /login_filter must be a filter/],
    [{ ...whole, people_filter: "(a=b)(c=d)" }, /people_filter must be a filter/],
    [{ ...whole, people_filter: "(&(a=b)" }, /people_filter must be a filter/],
    [{ ...whole, id_attribute: "a)(b" }, /id_attribute must be the name/],
    [{ ...whole, group_base: "ou=groups" }, /require groups/],
    [{ ...whole, create_accounts: ["*"] }, /create_accounts/],
    [{ ...whole, absent_share_max: 2 }, /absent_share_max/],
    [{ ...whole, bse: true }, /bse/],
  ];
  for (const [settings, words] of refused) assert.throws(() => read(settings), words, JSON.stringify(settings));
});

test("administrators see the effective LDAP settings without the password", () => {
  const bind = { bind_dn: "cn=drive", bind_password: "between the two of us" };
  const shown = JSON.stringify(settingsInForce(read({ ...whole, ...bind })));
  assert.match(shown, /dc=example/);
  assert.doesNotMatch(shown, /between the two of us/);
});
