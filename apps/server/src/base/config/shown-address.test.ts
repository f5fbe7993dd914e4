import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { shownAddress } from "./shown-address.ts";

test("a shown address contains the place without its credentials", () => {
  for (const [address, shown] of [
    ["postgres://holdfast:secret@one:5432,two:5432/db", "postgres://holdfast:***@one:5432,two:5432/db"],
    ["postgres://holdfast:s3:c@r@one/db", "postgres://holdfast:***@one/db"],
    [
      "postgres://h:5432/db?user=u&password=secret&sslmode=require",
      "postgres://h:5432/db?user=***&password=***&sslmode=require",
    ],
    ["postgres://h:5432/db?user=u&password=a@bSECRET", "postgres://***"],
    ["postgres://holdfast:s3:cr/e@t@one/db", "postgres://***"],
    ["postgres://h:12?x@one/db", "postgres://***"],
    ["postgres://[::1]:5432/db", "postgres://[::1]:5432/db"],
    ["smtp://APITOKEN@host", "smtp://***@host"],
    ["smtps://tok:tok@host:465?insecure=true", "smtps://***@host:465?insecure=true"],
    ["redis://user:secret@one:6379/0", "redis://***@one:6379/0"],
    [
      "s3://bucket/prefix?endpoint=http://127.0.0.1:9000&region=eu-west-1&path_style=true&key=x",
      "s3://bucket/prefix?endpoint=http://127.0.0.1:9000&region=eu-west-1&path_style=true&***",
    ],
    ["s3://bucket?endpoint=http://key:x@one", "s3://***"],
    ["host=x url=postgres://a:b@c", "***"],
    ["https://drive.example.org", "https://drive.example.org"],
    ["/var/lib/holdfast", "/var/lib/holdfast"],
    ["a@example.org", "a@example.org"],
  ] as const) {
    assert.equal(shownAddress(address), shown);
  }
});

/** Letters that appear nowhere else in the URL. */
const plain = fc.stringMatching(/^[QXZ]{6,12}$/);
const secrets = fc
  .tuple(
    fc.string({ maxLength: 6 }),
    plain,
    fc.constantFrom("", ":", "@", "/", "?", "#", "&", "=", "%40", "%", "\\", " ", "\n"),
    plain,
    fc.string({ maxLength: 6 }),
  )
  .map(([before, first, between, second, after]) => ({
    text: `${before}${first}${between}${second}${after}`,
    first,
    second,
  }));
const schemes = fc.constantFrom("postgres", "postgresql", "redis", "rediss", "smtp", "smtps", "s3", "https", "other");
const places: readonly ((scheme: string, secret: string) => string)[] = [
  (scheme, secret) => `${scheme}://u:${secret}@host:5432/db`,
  (scheme, secret) => `${scheme}://:${secret}@host`,
  (scheme, secret) => `${scheme}://u:${secret}@host?insecure=true`,
  (scheme, secret) => `${scheme}://u:p@x${secret}@host/db`,
  (scheme, secret) => `${scheme}://host/db?password=${secret}`,
  (scheme, secret) => `${scheme}://host/db?user=u&password=${secret}&sslmode=require`,
  (scheme, secret) => `${scheme}://u@host?region=${secret}`,
  (scheme, secret) => `${scheme}://host?pass%77ord=${encodeURIComponent(secret)}`,
  (scheme, secret) => `${scheme}://host?endpoint=https://u:${secret}@one`,
  (scheme, secret) => `${scheme}://host#${secret}`,
  (scheme, secret) => `${scheme}://u:12?x=${secret}@host`,
  (scheme, secret) => `${scheme}://u:12/${secret}@host`,
  (scheme, secret) => `${scheme}://u%3A${encodeURIComponent(secret)}@host`,
  (scheme, secret) => ` ${scheme}://u:${secret}@host`,
];

test("no secret of any form or position appears in a shown address (random)", () => {
  fc.assert(
    fc.property(schemes, fc.constantFrom(...places), secrets, (scheme, place, { text, first, second }) => {
      const shown = shownAddress(place(scheme, text));
      assert.ok(!shown.includes(first) && !shown.includes(second), shown);
    }),
    { numRuns: 3000 },
  );
  // The user name for a mail server or Redis may be a token. For a database, it precedes a password.
  fc.assert(
    fc.property(schemes, plain, (scheme, token) => {
      assert.ok(!shownAddress(`${scheme}://${token}@host`).includes(token));
      if (!scheme.startsWith("postgres"))
        assert.ok(!shownAddress(`${scheme}://${token}:${token}@host`).includes(token));
    }),
  );
});
