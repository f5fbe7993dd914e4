import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { TransportRequest } from "@holdfast/api-client/transport";
import { fixedToken } from "@holdfast/api-client/access-tokens";
import { Live, type News } from "./live.ts";
import { type TestAnswer, testBrowser, testClient } from "./testing.ts";

/** Journal with long polls. Token `t<n>` stands after the first n changes. */
class Journal {
  length = 0;
  isReachable = true;
  pollCount = 0;
  mostPolls = 0;
  calls: string[] = [];
  timeouts: string[] = [];
  readonly special: TestAnswer[] = [];
  #waiting: (() => void)[] = [];

  readonly answer = async ({ path, headers, signal }: TransportRequest): Promise<TestAnswer> => {
    const url = new URL(path, "http://server");
    this.calls.push(url.pathname.replace("/api/v1/", ""));
    if (headers["timeout"] !== undefined) this.timeouts.push(headers["timeout"]);
    await Promise.resolve();
    if (!this.isReachable) return "cut";
    const special = this.special.shift();
    if (special !== undefined) return special;
    if (url.pathname.endsWith("start_token")) return { status: 200, json: { token: `t${this.length}` } };
    const since = Number(url.searchParams.get("since_token")?.slice(1));
    if (url.pathname.endsWith("list")) return { status: 200, json: this.#changesSince(since) };
    return this.#poll(since, signal);
  };

  write(count = 1): void {
    this.length += count;
    this.wake();
  }

  wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #poll(since: number, signal: AbortSignal | undefined): Promise<TestAnswer> {
    this.pollCount += 1;
    this.mostPolls = Math.max(this.mostPolls, this.pollCount);
    if (this.length === since && this.isReachable) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal?.addEventListener("abort", () => resolve());
      });
    }
    this.pollCount -= 1;
    if (!this.isReachable) return "cut";
    const special = this.special.shift();
    if (special !== undefined) return special;
    return this.length === since
      ? { status: 204 }
      : { status: 200, json: { event_type: "file_update", timestamp: "", changes: true } };
  }

  #changesSince(since: number) {
    const end = Math.min(this.length, since + 1000);
    const changes = Array.from({ length: end - since }, (_, at) => ({ seq: since + at + 1, kind: "gone", id: null }));
    return { changes, next_token: `t${end}`, has_more: end < this.length, epoch: "e" };
  }
}

interface Tab {
  readonly live: Live;
  readonly heard: (number | "reread" | "notified")[];
  readonly hears: (count: number) => Promise<void>;
}

function opened(t: TestContext) {
  const journal = new Journal();
  const newTabs = testBrowser();
  const waits: { delayMs: number; end: () => void }[] = [];
  const open = (): Tab => {
    const live = new Live({
      client: testClient(journal.answer, fixedToken("t")),
      tabs: newTabs(),
      nowMs: () => 1000,
      jitter: () => 0.5,
      wait: (delayMs, signal) =>
        new Promise<void>((resolve, reject) => {
          waits.push({ delayMs, end: resolve });
          signal.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    });
    const heard: Tab["heard"] = [];
    let wake = (): void => {};
    live.listen((news: News) => {
      if (news.kind === "changes") heard.push(...news.changes.map(({ seq }) => seq));
      else heard.push(news.kind);
      wake();
    });
    t.after(() => live.stop());
    live.start();
    const hears = async (count: number): Promise<void> => {
      while (heard.filter((each) => each !== "notified").length < count)
        await new Promise<void>((resolve) => (wake = resolve));
    };
    return { live, heard, hears };
  };
  return { journal, open, waits };
}

const numbers = (tab: Tab) => tab.heard.filter((each) => each !== "notified");
const rest = () => new Promise((resolve) => setImmediate(resolve));

test("one tab polls for all, every tab receives each change once, and another tab takes over at its position", async (t) => {
  const { journal, open } = opened(t);
  journal.length = 7;
  const [first, second] = [open(), open()];
  await Promise.all([first.live.ready(), second.live.ready()]);
  journal.write();
  await Promise.all([first.hears(1), second.hears(1)]);
  first.live.stop();
  journal.write(2);
  await second.hears(3);
  assert.deepEqual(numbers(second), [8, 9, 10]);
  assert.equal(journal.mostPolls, 1, "two tabs polled at once");
  assert.equal(journal.calls.filter((call) => call.endsWith("start_token")).length, 1);
});

test("a tab that opens later gets the start token and receives the changes after it", async (t) => {
  const { journal, open } = opened(t);
  const first = open();
  await first.live.ready();
  const second = open();
  await second.live.ready();
  journal.write();
  await second.hears(1);
  assert.deepEqual(numbers(second), [1]);
  assert.equal(second.live.getSnapshot().state, "live");
});

test("the first poll after an interruption is short, which shows sooner that the server is back", async (t) => {
  const { journal, open, waits } = opened(t);
  const { live } = open();
  await live.ready();
  await rest();
  journal.isReachable = false;
  journal.wake();
  await rest();
  assert.equal(live.getSnapshot().state, "offline");
  journal.isReachable = true;
  waits.pop()?.end();
  await rest();
  journal.wake();
  await rest();
  assert.equal(live.getSnapshot().state, "live");
  assert.deepEqual(journal.timeouts, ["55", "1", "55"]);
});

test("a restore of the server makes every tab read everything again", async (t) => {
  const { journal, open } = opened(t);
  const [first, second] = [open(), open()];
  await Promise.all([first.live.ready(), second.live.ready()]);
  journal.special.push({ status: 410, json: { code: "reset", detail: "Begin again." } });
  journal.write(3);
  await Promise.all([first.hears(1), second.hears(1)]);
  journal.write();
  await Promise.all([first.hears(2), second.hears(2)]);
  assert.deepEqual(
    [numbers(first), numbers(second)],
    [
      ["reread", 4],
      ["reread", 4],
    ],
  );
});

test("more than 5,000 changes at once lead to a full reread instead", async (t) => {
  const { journal, open } = opened(t);
  const tab = open();
  await tab.live.ready();
  journal.write(20_000);
  await tab.hears(5001);
  assert.equal(numbers(tab).at(-1), "reread");
  journal.write();
  await tab.hears(5002);
  assert.equal(numbers(tab).at(-1), 20_001);
});

test("retries slow down without the network, show the next attempt, and miss no change", async (t) => {
  const { journal, open, waits } = opened(t);
  const [tab, other] = [open(), open()];
  await Promise.all([tab.live.ready(), other.live.ready()]);
  waits.length = 0;
  journal.isReachable = false;
  journal.wake();
  for (const expectedMs of [750, 1500, 3000, 6000, 12_000, 22_500, 22_500]) {
    while (waits.length === 0) await rest();
    const { delayMs, end } = waits.shift() as (typeof waits)[number];
    assert.equal(delayMs, expectedMs);
    await rest();
    assert.deepEqual(other.live.getSnapshot(), { state: "offline", nextTryMs: 1000 + delayMs });
    end();
  }
  while (waits.length === 0) await rest();
  journal.length += 2;
  journal.isReachable = true;
  tab.live.tryNow();
  await Promise.all([tab.hears(2), other.hears(2)]);
  assert.deepEqual([numbers(other), other.live.getSnapshot().state], [[1, 2], "live"]);
});

test("tabs that read before the start token was known read everything again", async (t) => {
  const { journal, open, waits } = opened(t);
  journal.isReachable = false;
  const [first, second] = [open(), open()];
  await Promise.all([first.live.ready(), second.live.ready()]);
  journal.isReachable = true;
  first.live.tryNow();
  await Promise.all([first.hears(1), second.hears(1)]);
  assert.deepEqual([numbers(first), numbers(second)], [["reread"], ["reread"]]);
  assert.ok(waits.length > 0);
});

test("polling respects the Retry-After of a busy server, and stops after a 401", async (t) => {
  const { journal, open, waits } = opened(t);
  const tab = open();
  await tab.live.ready();
  while (journal.pollCount === 0) await rest();
  waits.length = 0;
  journal.special.push({ status: 204, headers: { "retry-after": "20" } });
  journal.wake();
  while (waits.length === 0) await rest();
  assert.equal(waits[0]?.delayMs, 20_000);
  journal.special.push({ status: 401, json: { code: "unauthenticated", detail: "No." } });
  waits[0]?.end();
  await rest();
  const calls = journal.calls.length;
  journal.write();
  await rest();
  assert.equal(journal.calls.length, calls);
});
