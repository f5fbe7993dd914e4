import assert from "node:assert/strict";
import { test } from "node:test";
import type { Tabs } from "./tabs.ts";
import { credentials, opened, soon } from "./testing-session.ts";

/** A tab whose messages wait until it is thawed. */
function freezable(tabs: Tabs) {
  let waiting: (() => void)[] | undefined;
  const listen: Tabs["listen"] = (hear) =>
    tabs.listen((message) => (waiting === undefined ? hear(message) : waiting.push(() => hear(message))));
  return {
    tabs: { ...tabs, listen },
    freeze: () => void (waiting = []),
    thaw: () => {
      const late = waiting ?? [];
      waiting = undefined;
      for (const hear of late) hear();
    },
  };
}

for (const next of ["ann", "bob"]) {
  test(`a frozen tab that hears late of a sign-out leaves the data of a newer sign-in by ${next} alone`, async () => {
    const { server, open, newTabs, lastAccount, leaving } = opened();
    const tab = freezable(newTabs());
    const [frozen, acting] = [open(tab.tabs), open()];
    await acting.signIn(credentials);
    await soon();
    assert.equal(frozen.getSnapshot(), "signed_in");
    const cleaned: string[] = [];
    frozen.onEnd((signedOut, where) => cleaned.push(`${signedOut} ${where}`));
    tab.freeze();
    await acting.renew(await acting.current());
    server.isReachable = false;
    await assert.rejects(acting.signOut(), { code: "unreachable" });
    server.isReachable = true;
    server.nextAccount = next;
    await acting.signIn(credentials);
    await soon();
    const steps: string[] = [];
    frozen.subscribe(() => steps.push(frozen.getSnapshot()));
    tab.thaw();
    await soon();
    assert.deepEqual(cleaned, ["ann newer"]);
    assert.deepEqual(steps, ["signed_in", "leaving", "signed_in"]);
    assert.deepEqual([lastAccount.read(), lastAccount.readSession(), leaving.read()], [next, "session 2", false]);
    assert.equal(await frozen.current(), server.lastToken);
  });
}

test("a frozen tab that hears late of another account's sign-in, an end of its session, or an expiry keeps the stored data", async () => {
  const { server, open, newTabs, lastAccount } = opened();
  const tab = freezable(newTabs());
  const [frozen, acting] = [open(tab.tabs), open()];
  await acting.signIn(credentials);
  await soon();
  const cleaned: string[] = [];
  frozen.onEnd((signedOut, where) => cleaned.push(`${signedOut} ${where}`));
  tab.freeze();
  server.account = undefined;
  const refused = acting.renew(await acting.current());
  await soon();
  server.nextAccount = "bob";
  await acting.signIn(credentials);
  await assert.rejects(refused, { code: "unauthenticated" });
  const steps: string[] = [];
  frozen.subscribe(() => steps.push(frozen.getSnapshot()));
  tab.thaw();
  await soon();
  assert.deepEqual([cleaned, steps], [["undefined newer"], ["signed_in"]]);
  assert.equal(lastAccount.read(), "bob");
});

test("a tab that wakes up with the cookie of a newer session keeps it, and ignores the end of the older one", async () => {
  const { server, open, newTabs } = opened();
  const tab = freezable(newTabs());
  const [frozen, acting] = [open(tab.tabs), open()];
  await acting.signIn(credentials);
  await soon();
  const cleaned: string[] = [];
  frozen.onEnd((signedOut, where) => cleaned.push(`${signedOut} ${where}`));
  tab.freeze();
  await acting.signOut();
  server.nextAccount = "bob";
  await acting.signIn(credentials);
  await assert.rejects(frozen.renew(await frozen.current()), { code: "unauthenticated" });
  assert.deepEqual(cleaned, ["undefined newer"]);
  const steps: string[] = [];
  frozen.subscribe(() => steps.push(frozen.getSnapshot()));
  tab.thaw();
  await soon();
  assert.deepEqual([cleaned.length, steps], [1, ["signed_in"]]);
});

test("a sign-out without a session, as an earlier version of the app reports it, ends a tab that starts without the server", async () => {
  const { server, open, newTabs } = opened();
  await open().signIn(credentials);
  server.isReachable = false;
  const tabs = newTabs();
  const withoutTokens: Tabs["listen"] = (hear) =>
    tabs.listen((message) => (Reflect.get(Object(message), "kind") === "token" ? undefined : hear(message)));
  const starting = open({ ...tabs, listen: withoutTokens });
  await soon();
  assert.equal(starting.getSnapshot(), "starting");
  newTabs().post({ kind: "ended" });
  await soon();
  assert.equal(starting.getSnapshot(), "signed_out");
});
