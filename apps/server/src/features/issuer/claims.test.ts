import assert from "node:assert/strict";
import { test } from "node:test";
import { readClaims } from "./claims.ts";

const settings = {
  issuer: "https://issuer.example",
  groups: undefined,
  plans: undefined,
  trusted: { amr: [], acr: [] },
};
const read = (claims: object) => readClaims({ sub: "ann", ...claims }, settings);

test("a name loses marks that reverse text, and an address with invisible characters is rejected", () => {
  const { name, email } = read({ name: "\u202bمحمد\u202c", email: "ann\u200b@example.org" });
  assert.deepEqual([name, email], ["محمد", null]);
  const other = read({ name: " \u2068\u2069 ", email: "ann@example.org" });
  assert.deepEqual([other.name, other.email], [null, "ann@example.org"]);
});
