import type { TransportRequest } from "@holdfast/api-client/transport";
import { Session } from "./session.ts";
import { type TestAnswer, testBrowser, testClient } from "./testing.ts";

function tokenOf(account: string, session: number, number: number): string {
  return `head.${btoa(JSON.stringify({ sub: account, sid: `session ${session}`, number }))}.signature`;
}

class CookieServer {
  account: string | undefined;
  nextAccount = "ann";
  isReachable = true;
  calls: string[] = [];
  lastToken = "";
  answering: Promise<unknown> = Promise.resolve();
  leaving: Promise<unknown> = Promise.resolve();
  #number = 0;
  #session = 0;

  readonly answer = async ({ method, path }: TransportRequest): Promise<TestAnswer> => {
    this.calls.push(`${method} ${path}`);
    await Promise.resolve();
    if (!this.isReachable) return "cut";
    if (method === "DELETE") {
      this.account = undefined;
      await this.leaving;
      return { status: 204 };
    }
    if (path === "/api/v1/sessions/web") {
      this.account = this.nextAccount;
      this.#session += 1;
    }
    if (this.account === undefined) return { status: 401, json: { code: "unauthenticated", detail: "Sign in." } };
    this.#number += 1;
    this.lastToken = tokenOf(this.account, this.#session, this.#number);
    const json = { access_token: this.lastToken, expires_in: 900 };
    await this.answering;
    return { status: 200, json };
  };
}

export const credentials = { email: "ann@example.org", password: "secret" };

export function opened() {
  const server = new CookieServer();
  const newTabs = testBrowser();
  const clock = { nowMs: 0 };
  const wakes: (() => void)[] = [];
  const wakeAll = () => {
    for (const wake of wakes) queueMicrotask(wake);
  };
  let last: readonly (string | undefined)[] = [];
  const lastAccount = {
    read: () => last[0],
    readSession: () => last[1],
    isLost: () => last.length === 0,
    lose: () => {
      last = [];
      wakeAll();
    },
    write: (...next: readonly (string | undefined)[]) => {
      last = next;
      wakeAll();
    },
  };
  let isLeaving = false;
  const leaving = {
    read: () => isLeaving,
    write: (is: boolean) => {
      isLeaving = is;
      wakeAll();
    },
  };
  const nowMs = () => clock.nowMs;
  /** @param isFrozen true: changes of the shared data do not wake the tab */
  const open = (tabs = newTabs(), isFrozen = () => false) => {
    const session = new Session({ client: testClient(server.answer), tabs, nowMs, wait: soon, lastAccount, leaving });
    wakes.push(() => isFrozen() || session.wake());
    return session;
  };
  return { server, clock, open, newTabs, lastAccount, leaving };
}

export const soon = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};
