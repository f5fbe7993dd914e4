import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { after, before, test } from "node:test";
import { json } from "node:stream/consumers";
import { Api, eventually, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

const folder = makeFolder("revoked-body");
let server: RunningServer;
let admin: Api;
let tokens = 0;

before(async () => {
  server = await startServer({ dataFolder: `${folder}/data` });
  admin = await Api.signIn(server.url);
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

const newUser = { email: "made@example.com", password: "a sentence of theirs" };

/** As long as what a request came with is believed. */
const believedMs = 2000;

const changes = {
  "what makes an account": {
    call: "POST /admin/users",
    type: "application/json",
    body: JSON.stringify(newUser),
    isDone: async () =>
      (await ok(admin, "GET", "/admin/users")).items.some(({ email }: { email: string }) => email === newUser.email),
  },
  "a file": {
    call: "POST /files/upload?uploadType=media&path=/late",
    type: "application/octet-stream",
    body: "what came late",
    isDone: async () => (await admin.call("GET", "/metadata?path=/late")).status === 200,
  },
};

/** Begins a call by a token, and sends the last byte of its body once the time is over for which the token was believed. */
async function hold({ call, type, body }: (typeof changes)["a file"], meanwhile: (id: string) => Promise<void>) {
  const name = `token ${++tokens}`;
  const made = await ok(admin, "POST", "/tokens", { name, scopes: ["files:read", "files:write", "admin"] });
  const [method = "", path = ""] = call.split(" ");
  const headers = {
    authorization: `Bearer ${made.token}`,
    "content-type": type,
    "content-length": Buffer.byteLength(body),
  };
  const sent = request(`${server.url}/api/v1${path}`, { method, headers, agent: false });
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  sent.write(body.slice(0, -1));
  await eventually("the server has looked at the token", 60_000, async () => {
    const { items } = await ok(admin, "GET", "/tokens");
    return items.some((each: { id: string; last_used_at: unknown }) => each.id === made.id && each.last_used_at);
  });
  // By the server's clock it began before.
  const begunMs = performance.now();
  await meanwhile(made.id);
  await eventually("it was long ago", 60_000, async () => performance.now() - begunMs > believedMs || undefined);
  sent.end(body.slice(-1));
  const [answer] = await answered;
  return { status: answer.statusCode, body: (await json(answer)) as { code?: string } };
}

for (const [what, change] of Object.entries(changes)) {
  test(`${what} that was on its way when its token was revoked is not made`, async () => {
    const { status, body } = await hold(change, async (id) => void (await ok(admin, "DELETE", `/tokens/${id}`)));
    assert.deepEqual([status, body.code], [401, "unauthenticated"]);
    assert.equal(await change.isDone(), false);
  });

  test(`${what} that takes its time is made where the token lives on`, async () => {
    assert.equal((await hold(change, async () => {})).status, 201);
    assert.equal(await change.isDone(), true);
  });
}
