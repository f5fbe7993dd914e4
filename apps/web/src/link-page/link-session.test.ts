import assert from "node:assert/strict";
import { test } from "node:test";
import { fixedToken } from "@holdfast/api-client/access-tokens";
import { type TestAnswer, testClient } from "../data/testing.ts";
import { LinkSession, type LinkState } from "./link-session.ts";

interface Server {
  password: string | undefined;
  isThere: boolean;
}

function open(state: LinkState, server: Server) {
  let opened = 0;
  let nowMs = 0;
  const answer = ({ path, body }: { readonly path: string; readonly body: unknown }): TestAnswer => {
    const refusal = { status: 401, json: { code: "unauthenticated", message: "no" } };
    if (!server.isThere) return refusal;
    if (path.endsWith("/links/current")) {
      const json = { code: "unauthenticated", message: "It has a password.", field: "password" };
      return server.password === undefined ? { status: 200, json: {} } : { status: 401, json };
    }
    const { password } = JSON.parse(String(body)) as { password: string };
    if (password !== server.password) return refusal;
    opened += 1;
    return { status: 200, json: { access_token: `access ${opened}`, expires_in: 900 } };
  };
  const client = testClient(answer, fixedToken("hfl_token"));
  const session = new LinkSession({ client, token: "hfl_token", state, nowMs: () => nowMs });
  return { session, pass: (minutes: number) => void (nowMs += minutes * 60_000) };
}

test("the link's own token is used if there is no password, until its refusal ends the link", async () => {
  const server: Server = { password: undefined, isThere: true };
  const { session } = open("open", server);
  assert.equal(await session.current(), "hfl_token");
  server.isThere = false;
  assert.equal(await session.renew("hfl_token"), undefined);
  assert.equal(session.getSnapshot(), "ended");
  await assert.rejects(session.current(), { code: "unauthenticated" });
});

test("calls wait for the password, a wrong one is rejected, and it is asked again 15 minutes later", async () => {
  const { session, pass } = open("asks", { password: "open sesame", isThere: true });
  let called: string | undefined;
  const waiting = session.current().then((token) => (called = token));
  await assert.rejects(session.enter("open barley"), { code: "unauthenticated" });
  assert.deepEqual([session.getSnapshot(), called], ["asks", undefined]);
  await session.enter("open sesame");
  assert.equal(await waiting, "access 1");
  pass(14);
  assert.equal(await session.current(), "access 1");
  pass(1);
  const later = session.current();
  assert.equal(session.getSnapshot(), "asks");
  await session.enter("open sesame");
  assert.equal(await later, "access 2");
});

test("a password added to an open link is asked for, once for several refused calls", async () => {
  const server: Server = { password: undefined, isThere: true };
  const { session } = open("open", server);
  server.password = "new";
  const renewed = Promise.all([session.renew("hfl_token"), session.renew("hfl_token")]);
  await new Promise<void>((resolve) => session.subscribe(resolve));
  assert.equal(session.getSnapshot(), "asks");
  await session.enter("new");
  assert.deepEqual(await renewed, ["access 1", "access 1"]);
});
