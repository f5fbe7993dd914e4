import assert from "node:assert/strict";
import { test } from "node:test";
import { type SessionEvent, type SessionState, sessionSteps } from "./session-state.ts";
import { testBrowser } from "./testing.ts";
import { credentials, opened, soon } from "./testing-session.ts";

test("every event in every state leads to the state in the table", () => {
  const states: SessionState[] = ["starting", "signed_in", "expired", "leaving", "signed_out"];
  const events: SessionEvent[] = ["token", "refused", "unreachable", "left", "ended"];
  for (const state of states) {
    assert.equal(sessionSteps[state].token, "signed_in");
    assert.equal(sessionSteps[state].ended, "signed_out");
    assert.equal(sessionSteps[state].unreachable, state, "a network that is gone signs nobody out");
    for (const event of events) assert.ok(states.includes(sessionSteps[state][event]));
  }
  assert.deepEqual(
    states.map((state) => sessionSteps[state].refused),
    ["signed_out", "expired", "expired", "leaving", "signed_out"],
  );
});

test("a browser without a session is signed out, and calls are refused", async () => {
  const { open } = opened();
  const session = open();
  assert.equal(await session.start(), "signed_out");
  await assert.rejects(session.current(), { code: "unauthenticated" });
});

test("a browser with a session continues it, and a second tab gets the token without asking the server", async () => {
  const { server, open } = opened();
  server.account = "ann";
  const first = open();
  assert.equal(await first.start(), "signed_in");
  const second = open();
  assert.equal(await second.start(), "signed_in");
  assert.equal(await second.current(), await first.current());
  assert.deepEqual(server.calls, ["POST /api/v1/sessions/web/refresh"]);
});

test("simultaneous refused calls in two tabs share one renewal", async () => {
  const { server, clock, open } = opened();
  server.account = "ann";
  const [first, second] = [open(), open()];
  await Promise.all([first.start(), second.start()]);
  server.calls = [];
  const refused = await first.current();
  await soon();
  assert.equal(await second.current(), refused);
  const renewed = await Promise.all([first.renew(refused), first.renew(refused), second.renew(refused)]);
  assert.deepEqual(new Set(renewed), new Set([server.lastToken]));
  assert.equal(server.calls.length, 1);
  clock.nowMs += 900_000;
  await Promise.all([first.current(), second.current()]);
  assert.equal(server.calls.length, 2, "one that runs out is renewed once as well");
});

test("calls of an expired session wait until the same account signs in again, in any tab", async () => {
  const { server, open } = opened();
  server.account = "ann";
  const [first, second] = [open(), open()];
  await first.start();
  await second.start();
  const refused = await first.current();
  server.account = undefined;
  const waiting = first.renew(refused);
  await soon();
  await soon();
  assert.deepEqual([first.getSnapshot(), second.getSnapshot()], ["expired", "expired"]);
  await second.signIn(credentials);
  assert.equal(await waiting, server.lastToken);
  assert.deepEqual([first.getSnapshot(), second.getSnapshot()], ["signed_in", "signed_in"]);
});

test("pending calls of one account fail when another account signs in, and the first account's data is deleted", async () => {
  const { server, open } = opened();
  server.account = "ben";
  const session = open();
  await session.start();
  let cleaned = 0;
  session.onEnd(() => (cleaned += 1));
  server.account = undefined;
  const waiting = session.renew(await session.current());
  await soon();
  await session.signIn(credentials);
  await assert.rejects(waiting, { code: "unauthenticated" });
  assert.equal(cleaned, 1);
  assert.equal(await session.current(), server.lastToken);
});

test("a sign-out signs out every tab and cleans up in each of them", async () => {
  const { server, open } = opened();
  server.account = "ann";
  const [first, second] = [open(), open()];
  await first.start();
  await second.start();
  const cleaned: string[] = [];
  first.onEnd(() => Promise.reject(new Error("a database that hangs")));
  first.onEnd((signedOut, where) => cleaned.push(`first ${signedOut} ${where}`));
  second.onEnd((signedOut, where) => cleaned.push(`second ${signedOut} ${where}`));
  await first.signOut();
  await soon();
  assert.deepEqual(cleaned.toSorted(), ["first ann here", "second ann elsewhere"]);
  for (const session of [first, second]) {
    assert.equal(session.getSnapshot(), "signed_out");
    await assert.rejects(session.current(), { code: "unauthenticated" });
  }
});

test("a tab cancels its requests before the sign-out is sent", async () => {
  const { server, open } = opened();
  server.account = "ann";
  const session = open();
  await session.start();
  const askedBefore: string[][] = [];
  session.onLeaving(() => askedBefore.push([...server.calls]));
  server.calls = [];
  await session.signOut();
  assert.deepEqual(askedBefore, [[]]);
  assert.notDeepEqual(server.calls, []);
});

test("no token is available during a sign-out, and the next sign-in provides one", async () => {
  const { server, open } = opened();
  server.account = "ann";
  const session = open();
  await session.start();
  const ending = session.signOut();
  await assert.rejects(session.current(), { code: "unauthenticated" });
  await ending;
  await session.signIn(credentials);
  assert.equal(await session.current(), server.lastToken);
});

test("an unreachable server signs out no account, neither at the start nor later", async () => {
  const { server, clock, open } = opened();
  server.account = "ann";
  server.isReachable = false;
  const session = open();
  await assert.rejects(session.start(), { code: "unreachable" });
  server.isReachable = true;
  assert.equal(await session.start(), "signed_in");
  server.isReachable = false;
  clock.nowMs += 900_000;
  await assert.rejects(session.current(), { code: "unreachable" });
  assert.equal(session.getSnapshot(), "signed_in");
  server.isReachable = true;
  assert.equal(await session.current(), server.lastToken);
});

test("an offline sign-out drops the token in every tab, and shows that the cookie is still valid", async () => {
  const { server, open } = opened();
  server.account = "ann";
  const [first, second] = [open(), open()];
  await first.start();
  await second.start();
  const cleaned: string[] = [];
  first.onEnd(() => cleaned.push("first"));
  second.onEnd(() => cleaned.push("second"));
  server.isReachable = false;
  await assert.rejects(first.signOut(), { code: "unreachable" });
  await soon();
  assert.deepEqual(cleaned.toSorted(), ["first", "second"]);
  server.isReachable = true;
  server.calls = [];
  for (const session of [first, second]) {
    assert.equal(session.getSnapshot(), "leaving");
    await assert.rejects(session.current(), { code: "unauthenticated" });
    assert.equal(await session.renew("an old token"), undefined);
  }
  assert.deepEqual(server.calls, [], "nothing is asked as them");
  await second.signOut();
  await soon();
  assert.deepEqual(
    [first.getSnapshot(), second.getSnapshot(), server.account],
    ["signed_out", "signed_out", undefined],
  );
});

test("a page completes an earlier offline sign-out, and does not sign in by the cookie", async () => {
  const { server, open } = opened();
  server.account = "ann";
  const page = open();
  await page.start();
  server.isReachable = false;
  await assert.rejects(page.signOut(), { code: "unreachable" });
  const closed = open(testBrowser()());
  assert.equal(await closed.start(), "leaving");
  server.isReachable = true;
  const later = open(testBrowser()());
  assert.equal(await later.start(), "signed_out");
  assert.equal(server.account, undefined);
  await later.signIn(credentials);
  assert.equal(await open(testBrowser()()).start(), "signed_in", "it was meant once");
});

test("a renewal that is answered after a sign-out does not sign in", async () => {
  const { server, open } = opened();
  server.account = "ann";
  const [first, second] = [open(), open()];
  await first.start();
  await second.start();
  const answering = Promise.withResolvers<void>();
  server.answering = answering.promise;
  const renewing = first.renew(await first.current());
  await soon();
  await second.signOut();
  await soon();
  answering.resolve();
  assert.equal(await renewing, undefined);
  assert.deepEqual([first.getSnapshot(), second.getSnapshot()], ["signed_out", "signed_out"]);
});

test("a late report that an older token expired leaves the newer one in use", async () => {
  const { server, open, newTabs } = opened();
  server.account = "ann";
  const session = open();
  await session.start();
  const old = await session.current();
  await session.renew(old);
  newTabs().post({ kind: "expired", token: old });
  await soon();
  assert.equal(session.getSnapshot(), "signed_in");
  assert.equal(await session.current(), server.lastToken);
});

test("data of the previous account is deleted at another account's sign-in, also on a page opened later", async () => {
  const { server, open } = opened();
  const first = open();
  await first.start();
  await first.signIn(credentials);
  server.account = undefined;

  // A new browser: no earlier tab answers.
  const page = open(testBrowser()());
  let cleaned = 0;
  const close = page.onEnd(() => (cleaned += 1));
  assert.equal(await page.start(), "signed_out");
  await page.signIn(credentials);
  assert.equal(cleaned, 0, "it was the same person");
  close();
  server.account = undefined;

  const next = open(testBrowser()());
  next.onEnd(() => (cleaned += 1));
  await next.start();
  server.nextAccount = "bob";
  await next.signIn(credentials);
  assert.equal(cleaned, 1);
});

test("a declined sign-out leaves the account signed in and skips the steps before it", async () => {
  const { server, open } = opened();
  server.account = "ann";
  const session = open();
  await session.start();
  const answers = [false, true];
  session.onSignOut(() => Promise.resolve(answers.shift() === true));
  const done: string[] = [];
  const before = () => Promise.resolve(done.push("before"));
  assert.equal(await session.signOut(before), false);
  assert.deepEqual([session.getSnapshot(), done], ["signed_in", []]);
  assert.equal(await session.current(), server.lastToken);
  assert.equal(await session.signOut(before), true);
  assert.deepEqual([session.getSnapshot(), done], ["signed_out", ["before"]]);
});

test("a page that opens during a sign-in completes no earlier sign-out", async () => {
  const { server, open } = opened();
  server.account = "ann";
  const page = open();
  await page.start();
  server.isReachable = false;
  await assert.rejects(page.signOut(), { code: "unreachable" });
  server.isReachable = true;
  const answering = Promise.withResolvers<void>();
  server.answering = answering.promise;
  const [signingIn, opening] = [open(), open()];
  const signedIn = signingIn.signIn(credentials);
  const started = opening.start();
  await soon();
  server.calls = [];
  answering.resolve();
  await signedIn;
  assert.equal(await started, "signed_in");
  await soon();
  assert.deepEqual([signingIn.getSnapshot(), server.account, server.calls], ["signed_in", "ann", []]);
});

test("a late answer to a sign-out does not end another account's newer session", async () => {
  const { server, open, lastAccount } = opened();
  server.account = "ann";
  const [leaving, other] = [open(), open()];
  await leaving.start();
  server.nextAccount = "bob";
  const ended: Promise<unknown>[] = [];
  leaving.onLeaving(() => void ended.push(other.signIn(credentials)));
  const answering = Promise.withResolvers<void>();
  server.leaving = answering.promise;
  const signingOut = leaving.signOut();
  await soon();
  await Promise.all(ended);
  answering.resolve();
  await signingOut;
  assert.deepEqual([lastAccount.read(), other.getSnapshot()], ["bob", "signed_in"]);
});
