import assert from "node:assert/strict";
import { test } from "node:test";
import type { Session } from "./session.ts";
import type { Tabs } from "./tabs.ts";
import { credentials, opened, soon } from "./testing-session.ts";

async function twoTabs() {
  const { server, open, newTabs, lastAccount, leaving } = opened();
  let waiting: (() => void)[] | undefined;
  const tabs = newTabs();
  const listen: Tabs["listen"] = (hear) =>
    tabs.listen((message) => (waiting === undefined ? hear(message) : waiting.push(() => hear(message))));
  const frozen = open({ ...tabs, listen }, () => waiting !== undefined);
  const acting = open();
  await acting.signIn(credentials);
  await soon();
  assert.equal(frozen.getSnapshot(), "signed_in");
  const cleaned: string[] = [];
  frozen.onEnd((signedOut, where) => cleaned.push(`${signedOut} ${where}`));
  const steps: string[] = [];
  frozen.subscribe(() => steps.push(frozen.getSnapshot()));
  const thaw = () => {
    const late = waiting ?? [];
    waiting = undefined;
    return late;
  };
  return {
    server,
    open,
    newTabs,
    lastAccount,
    leaving,
    frozen,
    acting,
    cleaned,
    steps,
    freeze: () => void (waiting = []),
    /** The browser delivers what the tab has missed. */
    thaw: () => {
      for (const hear of thaw()) hear();
    },
    /** The back/forward cache drops what the tab has missed. */
    restore: () => void thaw(),
  };
}

async function replace({ server, acting, freeze }: Awaited<ReturnType<typeof twoTabs>>, next: string): Promise<void> {
  freeze();
  await acting.renew(await acting.current());
  server.isReachable = false;
  await assert.rejects(acting.signOut(), { code: "unreachable" });
  server.isReachable = true;
  server.nextAccount = next;
  await acting.signIn(credentials);
  await soon();
}

async function isRefused(session: Session): Promise<void> {
  await assert.rejects(session.current(), { code: "unauthenticated" });
}

async function expireAndSignIn({ server, acting, frozen, freeze }: Awaited<ReturnType<typeof twoTabs>>) {
  server.account = undefined;
  void acting.renew(await acting.current()).catch(() => {});
  await soon();
  await soon();
  assert.equal(frozen.getSnapshot(), "expired");
  freeze();
  await acting.signIn(credentials);
}

test("a frozen tab that learns late of a new sign-in by the same account gets the new session", async () => {
  const two = await twoTabs();
  const { server, frozen, cleaned, steps, thaw, lastAccount, leaving } = two;
  await replace(two, "ann");
  thaw();
  await soon();
  assert.deepEqual([cleaned, new Set(steps)], [[], new Set(["signed_in"])]);
  assert.deepEqual([lastAccount.read(), lastAccount.readSession(), leaving.read()], ["ann", "session 2", false]);
  assert.equal(await frozen.current(), server.lastToken);
});

test("a frozen tab that learns late of another account's sign-in ends its session, but not the stored data", async () => {
  const two = await twoTabs();
  const { frozen, cleaned, steps, thaw, lastAccount, leaving } = two;
  await replace(two, "bob");
  thaw();
  assert.deepEqual([cleaned, steps[0]], [["undefined replaced"], "signed_out"]);
  await soon();
  assert.equal(cleaned.length, 1);
  assert.equal(frozen.account, "bob");
  assert.deepEqual([lastAccount.read(), lastAccount.readSession(), leaving.read()], ["bob", "session 2", false]);
});

test("a restored tab never sends new tabs the token of an earlier session", async () => {
  for (const next of ["ann", "bob"]) {
    const two = await twoTabs();
    const { server, frozen, restore, open, newTabs } = two;
    const old = await frozen.current();
    await replace(two, next);
    restore();
    const sent: unknown[] = [];
    newTabs().listen((message) => sent.push(message));
    const page = open();
    assert.equal(await page.start(), "signed_in");
    assert.equal(await page.current(), server.lastToken);
    assert.ok(sent.length > 0 && !JSON.stringify(sent).includes(old));
    assert.equal(page.account, next);
  }
});

test("a late token of an earlier session, as older releases may send, is ignored", async () => {
  const two = await twoTabs();
  const { server, frozen, acting, newTabs, open } = two;
  const text = await frozen.current();
  await replace(two, "bob");
  const page = open();
  const starting = page.start();
  newTabs().post({ kind: "token", token: { text, endsMs: 900_000 } });
  await soon();
  await starting;
  await soon();
  for (const session of [acting, page]) {
    assert.equal(session.account, "bob");
    assert.equal(await session.current(), server.lastToken);
  }
});

test("an expired tab that gets a token before the shared data of its session asks for it again", async () => {
  const two = await twoTabs();
  const { server, frozen, restore, newTabs, lastAccount } = two;
  await expireAndSignIn(two);
  const [account, session] = [lastAccount.read(), lastAccount.readSession()];
  lastAccount.write(account, "session 1");
  await soon();
  restore();
  newTabs().post({ kind: "token", token: { text: server.lastToken, endsMs: 900_000 } });
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(frozen.getSnapshot(), "expired");
  lastAccount.write(account, session);
  assert.equal(await frozen.current(), server.lastToken);
  assert.equal(frozen.getSnapshot(), "signed_in");
});

test("a page from the back/forward cache shows and calls nothing of the earlier account, also without messages", async () => {
  for (const isWoken of [true, false]) {
    const two = await twoTabs();
    const { server, frozen, cleaned, restore, lastAccount } = two;
    const old = await frozen.current();
    await replace(two, "bob");
    restore();
    server.calls = [];
    if (isWoken) frozen.wake();
    else await isRefused(frozen);
    assert.deepEqual([frozen.getSnapshot(), cleaned], ["signed_out", ["undefined replaced"]]);
    await isRefused(frozen);
    assert.equal(await frozen.renew(old), undefined);
    assert.deepEqual([server.calls, lastAccount.read()], [[], "bob"]);
  }
});

test("a page from the back/forward cache whose session expired continues with the next one of its account", async () => {
  const two = await twoTabs();
  const { server, frozen, restore } = two;
  await expireAndSignIn(two);
  await soon();
  restore();
  assert.equal(frozen.getSnapshot(), "expired");
  frozen.wake();
  assert.equal(await frozen.current(), server.lastToken);
});

test("a page from the back/forward cache is signed out if another tab has signed out", async () => {
  for (const isReachable of [true, false]) {
    const { server, frozen, acting, cleaned, freeze, restore } = await twoTabs();
    freeze();
    server.isReachable = isReachable;
    await acting.signOut().catch(() => {});
    await soon();
    restore();
    frozen.wake();
    const state = isReachable ? "signed_out" : "leaving";
    assert.deepEqual([frozen.getSnapshot(), cleaned], [state, ["ann elsewhere"]]);
    await isRefused(frozen);
  }
});

test("a sign-out elsewhere also ends a tab that started while the server was unreachable", async () => {
  const { server, open, newTabs } = opened();
  const acting = open();
  await acting.signIn(credentials);
  server.isReachable = false;
  const starting = open({ ...newTabs(), listen: () => () => {} });
  await assert.rejects(starting.start(), { code: "unreachable" });
  assert.deepEqual([starting.getSnapshot(), starting.account], ["starting", "ann"]);
  server.isReachable = true;
  await acting.signOut();
  await soon();
  assert.deepEqual([starting.getSnapshot(), starting.account], ["signed_out", undefined]);
});

for (const nextAccount of ["ann", "bob"])
  test(`a late answer to a renewal neither ends nor replaces a newer session of ${nextAccount}`, async () => {
    const { server, open, lastAccount } = opened();
    const [late, acting] = [open(), open()];
    await acting.signIn(credentials);
    await soon();
    const answering = Promise.withResolvers<void>();
    server.answering = answering.promise;
    const renewal = late.renew(await late.current());
    await soon();
    server.answering = Promise.resolve();
    await acting.signOut();
    server.nextAccount = nextAccount;
    await acting.signIn(credentials);
    await soon();
    const session = lastAccount.readSession();
    answering.resolve();
    await renewal.catch(() => {});
    await soon();
    assert.deepEqual(
      [lastAccount.read(), lastAccount.readSession(), acting.account, acting.getSnapshot()],
      [nextAccount, session, nextAccount, "signed_in"],
    );
    assert.equal(await late.current(), await acting.current());
  });

test("a late answer to a sign-out ends no newer session of the same account", async () => {
  const { server, open, lastAccount } = opened();
  const [leaving, acting] = [open(), open()];
  await leaving.signIn(credentials);
  await soon();
  const answering = Promise.withResolvers<void>();
  server.leaving = answering.promise;
  const signOut = leaving.signOut();
  await soon();
  await acting.signIn(credentials);
  await soon();
  answering.resolve();
  await signOut;
  await soon();
  assert.deepEqual(
    [lastAccount.read(), acting.getSnapshot(), leaving.getSnapshot()],
    ["ann", "signed_in", "signed_in"],
  );
});

test("deleting the site's data ends no session", async () => {
  const { open, lastAccount } = opened();
  const [first, second] = [open(), open()];
  await first.signIn(credentials);
  await soon();
  const session = lastAccount.readSession();
  lastAccount.lose();
  await soon();
  assert.deepEqual([first.getSnapshot(), second.getSnapshot()], ["signed_in", "signed_in"]);
  assert.deepEqual([lastAccount.read(), lastAccount.readSession()], ["ann", session]);
  await first.signOut();
  await soon();
  assert.equal(second.getSnapshot(), "signed_out");
});

test("a late refusal of a renewal ends no newer session", async () => {
  const { server, open } = opened();
  let refusal: Promise<unknown> | undefined;
  const { answer } = server;
  Object.assign(server, {
    answer: async (request: Parameters<typeof answer>[0]) => {
      const pending = request.path.endsWith("/refresh") ? refusal : undefined;
      if (pending === undefined) return answer(request);
      await pending;
      return { status: 401, json: { code: "unauthenticated", detail: "Sign in." } };
    },
  });
  const [late, acting] = [open(), open()];
  await acting.signIn(credentials);
  await soon();
  const answering = Promise.withResolvers<void>();
  refusal = answering.promise;
  const renewal = late.renew(await late.current());
  await soon();
  refusal = undefined;
  await acting.signOut();
  server.nextAccount = "bob";
  await acting.signIn(credentials);
  await soon();
  const states: string[] = [];
  for (const session of [late, acting]) session.subscribe(() => states.push(session.getSnapshot()));
  answering.resolve();
  await renewal.catch(() => {});
  await soon();
  assert.deepEqual(
    states.filter((state) => state !== "signed_in"),
    [],
  );
  assert.equal(await late.current(), await acting.current());
});

test("a sign-in does not wait for a tab that hangs", async (t) => {
  const limit = new AbortController();
  t.mock.method(AbortSignal, "timeout", () => limit.signal);
  const { open, newTabs } = opened();
  const tabs = newTabs();
  const alone: Tabs["alone"] = (name, run, signal) =>
    name === "holdfast-sign-in"
      ? new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)))
      : tabs.alone(name, run, signal);
  const session = open({ ...tabs, alone });
  const signingIn = session.signIn(credentials);
  await soon();
  assert.notEqual(session.getSnapshot(), "signed_in");
  limit.abort();
  await signingIn;
  assert.equal(session.getSnapshot(), "signed_in");
});
