import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { bounded } from "@holdfast/tools/bounded";
import { itemsOf } from "./outside-visit.ts";
import { newPerson, type Person } from "./new-person.ts";
import { type RawAnswer, requestRaw } from "./raw-request.ts";
import { Api, makeFolder, ok, queueWorked, removeFolder, type RunningServer, startServer } from "./testing.ts";

const path = "/api/v1/sessions/web";
describe("Browser that signed in before", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let addresses = 0;

  before(async () => {
    folder = makeFolder("known-browser");
    const env = { HOLDFAST_RATE_LIMIT_SIGN_IN: "1" };
    server = await startServer({ dataFolder: `${folder}/data`, args: ["--behind-proxy"], env });
    admin = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  interface Sent {
    readonly cookie?: string | undefined;
    readonly origin?: string;
    readonly to?: string;
  }
  const send = (body: object, { cookie, origin = new URL(server.url).origin, to = path }: Sent = {}) =>
    requestRaw(`${server.url}${to}`, {
      method: "POST",
      headers: {
        origin,
        "content-type": "application/json",
        "x-forwarded-for": `198.18.${++addresses >> 8}.${addresses & 255}`,
        ...(cookie === undefined ? {} : { cookie }),
      },
      body: JSON.stringify(body),
    });
  const signIn = async ({ email, password }: Pick<Person, "email" | "password">, cookie?: string) => {
    const answer = await send({ email, password }, { cookie });
    assert.equal(answer.status, 200, answer.bytes.toString());
    return { answer, device: cookieOf(answer, "holdfast-device"), api: new Api(server.url, answer.json.access_token) };
  };
  /** Failures of strangers from everywhere close the account to all but its known devices. */
  const close = async ({ email }: Person) => {
    const wrong = () => send({ email, password: "wrong password" }).then(({ status }) => status);
    for (;;) if ((await Promise.all(Array.from({ length: 12 }, wrong))).includes(429)) return;
  };
  const statusOf = async ({ email, password }: Person, cookie?: string, to = path) =>
    (await send({ email, password }, { cookie, to })).status;
  /** It reopens within seconds, maybe before a slow machine's check. Known devices always get in. */
  const assertUnknown = async (person: Person, cookie?: string, to = path) => {
    const stillInTime = bounded("a browser that is not known is refused");
    do {
      stillInTime();
      await close(person);
    } while ((await statusOf(person, cookie, to)) !== 429);
  };
  const toldOf = async (api: Api) => {
    await queueWorked(`${folder}/data`);
    const items = await itemsOf(api, "/notifications");
    return items.find(({ kind }) => kind === "device")?.detail.device_id as string | undefined;
  };
  const deviceOf = async (api: Api) => (await ok(api, "GET", "/account")).device_id as string;

  test("can sign in despite wrong guesses of others, without a new-device notice, until it is removed", async () => {
    const person = await newPerson(admin);
    const first = await signIn(person);
    assert.deepEqual(Object.keys(first.answer.json).toSorted(), ["access_token", "expires_in"]);
    const attributes =
      /^holdfast-device=hfd_[\w-]+; Path=\/api\/v1\/sessions\/web; Max-Age=34560000; HttpOnly; SameSite=Strict$/;
    assert.match(first.answer.headers["set-cookie"]?.[1] ?? "", attributes);
    assert.equal(await toldOf(person.api), await deviceOf(first.api));
    await close(person);
    await assertUnknown(person);
    const again = await signIn(person, first.device);
    assert.notEqual(again.device, first.device);
    assert.equal(await toldOf(person.api), await deviceOf(first.api));
    // A sign-out leaves it known.
    const out = await requestRaw(`${server.url}${path}`, {
      method: "DELETE",
      headers: { origin: new URL(server.url).origin, authorization: `Bearer ${again.api.token}` },
    });
    assert.equal(out.status, 204);
    assert.ok(!String(out.headers["set-cookie"]).includes("holdfast-device"));
    const third = await signIn(person, again.device);
    assert.equal((await third.api.call("DELETE", `/devices/${await deviceOf(third.api)}`)).status, 204);
    await assertUnknown(person, third.device);
  });

  test("is known to each account that used it, up to eight, and to no other", async () => {
    const [ada, bob, eve] = [await newPerson(admin), await newPerson(admin), await newPerson(admin)];
    const adas = await signIn(ada);
    const both = await signIn(bob, adas.device);
    assert.equal(both.device.split(".").length, 2);
    for (const each of [ada, bob, eve]) await close(each);
    for (const each of [ada, bob]) assert.equal((await signIn(each, both.device)).device.split(".").length, 2);
    await assertUnknown(eve, both.device);
    // A ninth person replaces the least recent one.
    let crowd = both.device;
    for (let more = 0; more < 7; more += 1) crowd = (await signIn(await newPerson(admin), crowd)).device;
    assert.equal(crowd.split(".").length, 8);
    await assertUnknown(ada, crowd);
    await close(bob);
    assert.equal(await statusOf(bob, crowd), 200);
  });

  test("needs the password too, and forged, planted, truncated or oversized cookies are ignored", async () => {
    const person = await newPerson(admin);
    const { device } = await signIn(person);
    const [name = "", secret = ""] = device.split("=");
    const eve = await signIn(await newPerson(admin));
    const wrong = [
      eve.device,
      device.slice(0, -1),
      `${name}=hfd_${secret.slice(4, 36)}_${"A".repeat(43)}`,
      // Cookie name used with TLS.
      `__Secure-${device}`,
      // Second cookie of the same name, planted by a neighboring domain.
      `${device}; ${eve.device}`,
      `${name}=${"x.".repeat(8)}${secret}`,
      `${name}=\u00ff%00,,;;=`,
      `holdfast-session=${secret}`,
    ];
    for (const cookie of wrong) await assertUnknown(person, cookie);
    assert.equal((await send({}, { cookie: `${name}=${"a".repeat(20_000)}` })).status, 431);
    // No other route reads it.
    await assertUnknown(person, device, "/api/v1/sessions");
    assert.equal((await send({}, { cookie: device, to: `${path}/refresh` })).status, 401);
    const { email } = person;
    const guess = await send({ email, password: "wrong password" }, { cookie: device });
    assert.deepEqual([guess.status, guess.headers["set-cookie"]], [401, undefined]);
    assert.equal((await send({ email, password: person.password }, { cookie: device })).status, 429, "its own count");
    const foreign = await send(person, { cookie: eve.device, origin: "https://evil.example" });
    assert.deepEqual([foreign.status, foreign.headers["set-cookie"]], [403, undefined]);
  });

  test("drops planted session and device cookies at sign-in", async () => {
    const [victim, eve] = [await newPerson(admin), await newPerson(admin)];
    const planted = await signIn(eve);
    const session = cookieOf(planted.answer, "holdfast-session");
    const mine = await signIn(victim, `${session}; ${planted.device}`);
    const own = cookieOf(mine.answer, "holdfast-session");
    assert.notEqual(own, session);
    assert.equal((await ok(mine.api, "GET", "/account")).email, victim.email);
    const refresh = (cookie: string) => send({}, { cookie, to: `${path}/refresh` });
    // A planted cookie of the same name makes the browser send both. The server then accepts neither.
    assert.equal((await refresh(`${session}; ${own}`)).status, 401);
    const next = await refresh(own);
    assert.equal((await ok(new Api(server.url, next.json.access_token), "GET", "/account")).email, victim.email);
    // The sign-in ended the planted session permanently. A later sign-in does not revive it.
    assert.equal((await refresh(session)).status, 401);
    assert.equal((await planted.api.call("GET", "/account")).status, 401);
    const last = await signIn(victim, session);
    assert.equal((await refresh(session)).status, 401);
    assert.equal((await ok(last.api, "GET", "/account")).email, victim.email);
  });
});

function cookieOf({ headers }: RawAnswer, name: string): string {
  return headers["set-cookie"]?.find((each) => each.startsWith(`${name}=`))?.split(";", 1)[0] ?? "";
}
