import assert from "node:assert/strict";
import { test } from "node:test";
import { readProblem, readRetryAfter, toAuthorityError, toValidationError } from "./authority-error.ts";

const urn = (type: string, detail = "said so") =>
  JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail });
const of = (type: string, retryAfter?: string) => {
  const problem = readProblem(urn(type));
  assert.ok(problem !== undefined);
  return toAuthorityError(problem, retryAfter);
};

test("an authority's refusal is reported with its text and advice, and only wrong settings end a start", () => {
  const limited = of("rateLimited", "7200");
  assert.deepEqual([limited.code, limited.retryAfterSeconds], ["rate_limited", 7200]);
  assert.match(limited.message, /refused \(rateLimited\): said so\. Its rate limit is reached/);
  assert.match(of("userActionRequired").message, /terms of service have changed/);
  for (const type of ["rejectedIdentifier", "unsupportedIdentifier", "invalidContact", "externalAccountRequired"])
    assert.equal(of(type).code, "usage", type);
  for (const type of ["serverInternal", "constructor", "accountDoesNotExist"])
    assert.equal(of(type).code, "unavailable");
});

test("a failed validation of a name is reported with advice", () => {
  const said = (type: string, port = 8420) =>
    toValidationError("drive.example.org", { type, detail: "said so." }, port).message;
  assert.match(said("dns"), /A or AAAA record/);
  assert.match(said("connection"), /Forward port 443 to port 8420 of this machine/);
  assert.match(said("connection", 443), /Forward port 443 to this machine/);
  for (const type of ["tls", "unauthorized"]) assert.match(said(type), /points to a different machine/);
  assert.match(said("caa"), /CAA record/);
  assert.match(said("toString"), /said so\. Forward port/);
});

test("malformed, long and hostile problem documents are harmless", () => {
  assert.equal(readProblem("<html>"), undefined);
  assert.equal(readProblem("null"), undefined);
  assert.equal(readProblem(JSON.stringify({ type: 5 })), undefined);
  const wild = readProblem(urn("dns", `\u001b[31m${"x".repeat(10_000)}`));
  assert.ok((wild?.detail.length ?? 0) <= 410);
  assert.ok(wild?.detail.includes("\u001b") === false);
});

test("Retry-After is read as seconds or a date, and other values are ignored", () => {
  const nowMs = Date.parse("2027-01-31T09:00:00Z");
  assert.equal(readRetryAfter("120", nowMs), 120);
  assert.equal(readRetryAfter("Sun, 31 Jan 2027 10:00:00 GMT", nowMs), 3600);
  for (const none of [undefined, "", "soon", "-5", "0", "Sun, 31 Jan 2021 10:00:00 GMT", "9".repeat(40)])
    assert.equal(readRetryAfter(none, nowMs), undefined, String(none));
});
