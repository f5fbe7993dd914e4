import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAddress } from "./email-address.ts";

test("an address that looks like another one is rejected", () => {
  const alike = [
    "\uff41nn@example.com",
    "ann@\uff45xample.com",
    "ann\uff20example.com",
    "ann@example\uff0ecom",
    "ann@example\u3002com",
    "ann@example\u2024com",
    "\u{1d41a}nn@example.com",
    "o\ufb03ce@example.com",
    "\u017fam@example.com",
    "\u24d0nn@example.com",
    "ann\u200b@example.com",
    "ann\ufe0f@example.com",
    "ann\u034f@example.com",
    "ann\u115f@example.com",
    "ann\u{e0101}@example.com",
    "ann\u00ad@example.com",
    "ann\u202e@example.com",
  ];
  for (const email of alike)
    assert.throws(() => assertAddress(email), { code: "invalid_field", field: "email" }, JSON.stringify(email));
  const distinct = ["ann@example.com", "Ann+x@Example.com", "j\u00f6rg@m\u00fcller.example", "jo\u0308rg@example.com"];
  for (const email of [...distinct, "\u7528\u6237@\u4f8b\u5b50.example", "\u0430\u043d\u043d\u0430@example.com"])
    assertAddress(email);
});
