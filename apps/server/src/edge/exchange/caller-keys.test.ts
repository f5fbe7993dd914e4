import assert from "node:assert/strict";
import { test } from "node:test";
import { CallerKeys } from "./caller-keys.ts";

const peer = { address: "192.0.2.1" };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test("a token that was valid before names its account, and any other one the address", () => {
  const keys = new CallerKeys();
  const address = keys.keyOf({}, peer).key;
  assert.equal(keys.keyOf(bearer("a"), peer).key, address);
  keys.remember(bearer("a"), "ada");
  assert.equal(keys.keyOf(bearer("a"), peer).key, "ada");
  assert.equal(keys.keyOf(bearer("b"), peer).key, address);
  const basic = { authorization: "Basic YTpi" };
  keys.remember(basic, "ada");
  assert.equal(keys.keyOf(basic, peer).key, address);
  keys.forget(bearer("a"));
  assert.equal(keys.keyOf(bearer("a"), peer).key, address);
});

test("one token in other spellings does not push out others", () => {
  const keys = new CallerKeys(2);
  keys.remember(bearer("a"), "ada");
  for (const spelling of ["Bearer b", "bearer b", "BEARER   b", "Bearer b "])
    keys.remember({ authorization: spelling }, "bob");
  assert.equal(keys.keyOf(bearer("a"), peer).key, "ada");
});

test("the least recently used token is forgotten", () => {
  const keys = new CallerKeys(2);
  keys.remember(bearer("a"), "ada");
  keys.remember(bearer("b"), "bob");
  keys.keyOf(bearer("a"), peer);
  keys.remember(bearer("c"), "cid");
  assert.deepEqual(
    ["a", "b", "c"].map((token) => keys.keyOf(bearer(token), peer).key),
    ["ada", keys.keyOf({}, peer).key, "cid"],
  );
});
