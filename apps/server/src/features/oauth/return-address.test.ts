import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { assertReturnAddress } from "./return-address.ts";

const refused = (uri: string, isPublic = true): string => {
  try {
    assertReturnAddress(uri, "redirect_uris", isPublic);
  } catch (thrown) {
    assert.ok(thrown instanceof HoldfastError);
    assert.deepEqual([thrown.code, thrown.field], ["invalid_field", "redirect_uris"]);
    return thrown.message;
  }
  return "";
};

test("a redirect URI is https with an ordinary host, or http on localhost for a public program", () => {
  const accepted = [
    "https://program.example/back",
    "https://program.example",
    "https://program.example/",
    "https://program.example:8443/back?a=b%20c",
    "https://xn--mnchen-3ya.example/back",
    "https://my_nas/back",
    "https://192.168.1.20/back",
    "https://[fd00::20]/back",
  ];
  const local = ["http://127.0.0.1/back", "http://127.0.0.1:4711/back", "http://[::1]/back", "http://localhost/back"];
  for (const uri of [...accepted, ...local]) assert.equal(refused(uri), "", uri);
  for (const uri of accepted) assert.equal(refused(uri, false), "", uri);
  for (const uri of local) assert.match(refused(uri, false), /must be https/, uri);
});

test("an invalid or ambiguous redirect URI is rejected, with the reason or its unambiguous form", () => {
  for (const [uri, why] of [
    ["http://0177.0.0.1/cb", /write it as http:\/\/127\.0\.0\.1\/cb\./],
    ["http://127.1/cb", /write it as http:\/\/127\.0\.0\.1\/cb\./],
    ["http://2130706433/cb", /write it as/],
    ["http://[0:0:0:0:0:0:0:1]/cb", /write it as http:\/\/\[::1\]\/cb/],
    ["https://0300.0250.1.20/cb", /write it as https:\/\/192\.168\.1\.20\/cb/],
    ["https://PROGRAM.example/cb", /write it as https:\/\/program\.example\/cb/],
    ["https://program.example:443/cb", /write it as/],
    ["https://program.example/a/../cb", /write it as/],
    ["https://program.example/%2e%2e/cb", /write it as/],
    ["https://m\u00fcnchen.example/cb", /write it as https:\/\/xn--/],
    ["https://\uff50rogram.example/cb", /write it as https:\/\/program\.example\/cb/],
    ["https:program.example/cb", /write it as/],
    ["https:\\\\program.example/cb", /write it as/],
    [" https://program.example/cb", /write it as/],
    ["https://program.example/c\tb", /write it as/],
    ["https://@program.example/cb", /write it as/],
    ["https://me@program.example/cb", /user name/],
    ["https://:secret@program.example/cb", /user name/],
    ["https://program.example/cb#part", /after #/],
    ["https://program.example/cb#", /after #/],
    ["https://x/*", /wildcard/],
    ["https://*.program.example/cb", /wildcard/],
    ["https://program.example./cb", /domain name/],
    ["https://program..example/cb", /domain name/],
    ["https://-program.example/cb", /domain name/],
    ["https://$program/cb", /domain name/],
    ["https://localhost/cb", /must be https/],
    ["https://0x7f.1/cb", /must be https/],
    ["http://localhost./cb", /must be https/],
    ["http://127.0.0.1.evil.example/cb", /must be https/],
    ["http://program.example/cb", /must be https/],
    ["program:/cb", /must be https/],
    ["javascript:alert(1)", /must be https/],
    ["data:text/html,x", /must be https/],
    ["/cb", /is not an address/],
    ["", /is not an address/],
  ] as const)
    assert.match(refused(uri), why, uri);
});
