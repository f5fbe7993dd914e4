import assert from "node:assert/strict";
import { test } from "node:test";
import type { Route } from "@holdfast/protocol/route";
import { type RouteName, routes } from "@holdfast/protocol/routes";
import { auditRule } from "./route-audit.ts";

const table = Object.entries(routes) as [RouteName, Route][];

test("every route except the listed ones has an audit rule", () => {
  const unrecorded = table.flatMap(([name]) => (auditRule(name) === undefined ? [name] : []));
  assert.deepEqual(unrecorded.toSorted(), [
    "askUnsubscribe",
    "docs",
    "getAccount",
    "getJob",
    "getOwnAddresses",
    "getSecondFactor",
    "getStartToken",
    "getWatch",
    "home",
    "listOutsideIdentities",
    "listPasskeys",
    "live",
    "metrics",
    "openapi",
    "pollChanges",
    "pollEvents",
    "preparePasskeySignIn",
    "readDeviceRequest",
    "readNotifications",
    "readProgramRequest",
    "readSignInWays",
    "readSignOutRequest",
    "ready",
    "reportPolicy",
    "setupPage",
    "startDeviceLogin",
  ]);
});

test("an audit action is a noun and a verb", () => {
  for (const [name] of table) assert.match(auditRule(name)?.action ?? "search", /^(?:[a-z_]+\.[a-z_]+|search)$/, name);
});

test("changes by administrators are recorded before the response", () => {
  const changing = table.filter(([, { access, method }]) => access === "admin" && method !== "GET");
  const late = changing.flatMap(([name]) => (auditRule(name)?.durable === true ? [] : [name]));
  assert.deepEqual(late, ["adminVerifyAudit"], "which changes nothing");
});

test("changes of sessions, tokens, permissions, groups and transfers are recorded before the response", () => {
  const ofRights =
    /^(?:session\.(?:start|end)|(?:token|permission|group|transfer|user|password|device)\.(?!list|members)|link\.open)/;
  const late = table.flatMap(([name, { method }]) => {
    const rule = auditRule(name);
    return method !== "GET" && ofRights.test(rule?.action ?? "") && rule?.durable !== true ? [name] : [];
  });
  assert.deepEqual(late, []);
});

test("audit entries contain no password or token, for any route", () => {
  const body = {
    password: "secret",
    current_password: "secret",
    new_password: "secret",
    token: "secret",
    refresh_token: "secret",
  };
  const facts = {
    params: { token: "secret", grant: "secret" },
    query: { access: "secret" },
    body,
    json: { token: "secret", access_token: "secret", url: "secret" },
  };
  for (const [name] of table) {
    const rule = auditRule(name);
    const recorded = [rule?.detail?.(facts), rule?.nodes?.(facts), rule?.count?.(facts)];
    assert.doesNotMatch(JSON.stringify(recorded), /secret/, name);
  }
});
