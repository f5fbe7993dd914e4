import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before } from "node:test";
import { Secret, TOTP } from "otpauth";
import { type RawAnswer, requestRaw } from "./raw-request.ts";
import { Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

/** Equal lengths, so that the answers have equal lengths too. */
const addresses = {
  active: "person-a@example.com",
  suspended: "person-s@example.com",
  "with a second factor": "person-f@example.com",
  none: "person-n@example.com",
};
type Who = keyof typeof addresses;
const everybody = Object.keys(addresses) as Who[];

export interface Ask {
  readonly status: number;
  readonly ask: (who: Who) => Promise<RawAnswer>;
}

/** Requests of a stranger with an address but no password. Called once in a `describe`. */
export function useStranger(): Readonly<Record<string, Ask>> {
  let folder: string;
  let server: RunningServer;
  const invitations = new Map<Who, string>();

  before(async () => {
    folder = makeFolder("tells-no-accounts");
    server = await startServer({
      dataFolder: `${folder}/data`,
      env: { HOLDFAST_RATE_LIMIT_SIGN_IN: "0", HOLDFAST_PUBLIC_URL: "https://drive.example.org" },
    });
    const admin = await Api.signIn(server.url);
    const password = "a sentence of theirs";
    for (const who of everybody) {
      const email = addresses[who];
      const { token } = await ok(admin, "POST", "/admin/invitations", { email });
      const unknown = `${String(token).slice(0, -22)}${randomBytes(16).toString("base64url")}`;
      invitations.set(who, who === "none" ? unknown : token);
      assert.equal(invitations.get(who)?.length, String(token).length);
      if (who !== "none") await ok(admin, "POST", "/admin/users", { email, password });
    }
    const api = await Api.signIn(server.url, { email: addresses["with a second factor"], password });
    const { secret } = await ok(api, "POST", "/account/second-factor", { password });
    const totp = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
    await ok(api, "POST", "/account/second-factor/confirm", { totp });
    await ok(admin, "PATCH", `/admin/users/${addresses.suspended}`, { disabled: true });
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const post = (path: string, body: object) =>
    requestRaw(`${server.url}/api/v1${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: new URL(server.url).origin },
      body: JSON.stringify(body),
    });
  const wrong = (who: Who) => ({ email: addresses[who], password: "what somebody guesses" });
  return {
    "a sign-in": { status: 401, ask: (who) => post("/sessions", wrong(who)) },
    "a sign-in with a code": { status: 401, ask: (who) => post("/sessions", { ...wrong(who), totp: "123456" }) },
    "a browser sign-in": { status: 401, ask: (who) => post("/sessions/web", wrong(who)) },
    "a mailed reset link": {
      status: 202,
      ask: (who) => post("/account/password/reset/mail", { email: addresses[who] }),
    },
    "an app password": {
      status: 401,
      ask: (who) => {
        const given = Buffer.from(`${addresses[who]}:abcde-fghjk-mnpqr-stuvw`).toString("base64");
        return requestRaw(`${server.url}/api/v1/files/root`, { headers: { authorization: `Basic ${given}` } });
      },
    },
    "a passkey": { status: 200, ask: (who) => post("/sessions/passkey", { email: addresses[who] }) },
    "an invitation": { status: 404, ask: (who) => post("/accounts/invitation", { token: invitations.get(who) }) },
  };
}

/**
 * Alternates, so that other load affects all. Fails if the answers differ.
 * @returns the median times in milliseconds
 */
export async function measure({ ask, status }: Ask, rounds: number): Promise<number[]> {
  const tookMs = new Map<Who, number[]>(everybody.map((who) => [who, []]));
  for (let round = 0; round < rounds; round += 1) {
    const heard: string[] = [];
    for (const at of everybody.keys()) {
      const who = everybody[(at + round) % everybody.length] ?? "none";
      const startMs = performance.now();
      const answer = await ask(who);
      tookMs.get(who)?.push(performance.now() - startMs);
      assert.equal(answer.status, status, answer.bytes.toString());
      heard.push(wordsOf(answer));
    }
    for (const words of heard) assert.equal(words, heard[0]);
  }
  return [...tookMs.values()].map((each) => each.toSorted((left, right) => left - right)[rounds >> 1] ?? 0);
}

/** Whole answer. Values that vary have the same length. */
export function wordsOf({ status, bytes, headers }: RawAnswer): string {
  const lengths = Object.entries(headers).map(([name, value]) => `${name} ${String(value).length}`);
  const body = bytes
    .toString()
    .replaceAll(
      /"(request_id|challenge|expires_at)":"([^"]*)"/g,
      (_, key, value: string) => `"${key}":${value.length}`,
    );
  return JSON.stringify([status, lengths, body]);
}
