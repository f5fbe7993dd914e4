import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { after, before, describe, test } from "node:test";
import { json, text } from "node:stream/consumers";
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

/** Time for which a request's credentials are trusted. */
const believedMs = 2000;

const changes = {
  "account creation": {
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

const streams: Record<string, () => Promise<Stream>> = {
  "a piece of an upload session": async () => {
    const { token, id } = await newToken();
    const by = new Api(server.url, token);
    const started = await ok(by, "POST", `/files/upload?uploadType=resumable&path=/piece${tokens}`, {});
    return { url: started.upload_url, method: "PUT", token, end: () => ok(admin, "DELETE", `/tokens/${id}`) };
  },
  "a file": async () => {
    const { token, id } = await newToken();
    const url = `${server.url}/api/v1/files/upload?uploadType=media&path=/streamed`;
    return { url, method: "POST", token, end: () => ok(admin, "DELETE", `/tokens/${id}`) };
  },
  "a file by a link": async () => {
    const link = await newLink();
    const url = `${server.url}/api/v1/files/upload?uploadType=media&parent_id=root&name=sent`;
    return { url, method: "POST", token: link.token, end: link.end };
  },
  "a block by a signed address": async () => {
    const { token, id } = await newToken();
    const asked = { hash: "0".repeat(64), size: 1_000_000 };
    const { url } = await ok(new Api(server.url, token), "POST", "/blocks/upload-url", asked);
    return { url, method: "PUT", token: undefined, end: () => ok(admin, "DELETE", `/tokens/${id}`) };
  },
  "a form of a link's page": async () => {
    const link = await newLink();
    const part = (name: string) =>
      `--x\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\n\r\ntext\r\n`;
    const head = `${part("first")}${part("second")}`.slice(0, -2);
    const isUnderWay = async () => (await admin.call("GET", `/metadata?path=${link.path}/first`)).status === 200;
    const type = "multipart/form-data; boundary=x";
    return { url: link.url, method: "POST", token: undefined, type, head, isUnderWay, end: link.end };
  },
};

interface Stream {
  readonly url: string;
  readonly method: "PUT" | "POST";
  readonly token: string | undefined;
  readonly type?: string;
  readonly head?: string;
  /** Check for routes whose error does not show that it came during the body. */
  readonly isUnderWay?: () => Promise<boolean>;
  readonly end: () => Promise<unknown>;
}

async function newToken(): Promise<{ token: string; id: string }> {
  return ok(admin, "POST", "/tokens", { name: `token ${++tokens}`, scopes: ["files:read", "files:write"] });
}

async function newLink() {
  const path = `/folder${++tokens}`;
  const { id } = await ok(admin, "POST", "/metadata", { path, kind: "folder" });
  const { id: permission, url } = await ok(admin, "POST", `/files/${id}/share`, { link: true, role: "editor" });
  const token = new URL(url).pathname.split("/").at(-1) ?? "";
  return { path, token, url, end: () => ok(admin, "DELETE", `/permissions/${permission}`) };
}

async function refusalOf({ url, method, token, type = "application/octet-stream", head, isUnderWay, end }: Stream) {
  const headers = { "content-type": type, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const sent = request(url, { method, headers, agent: false });
  sent.on("error", () => {});
  const answered = once(sent, "response", { signal: AbortSignal.timeout(60_000) }) as Promise<[IncomingMessage]>;
  sent.write(head ?? "");
  const drip = setInterval(() => sent.write("x".repeat(1000)), 50);
  try {
    if (isUnderWay !== undefined)
      await eventually("it is under way", 60_000, async () => (await isUnderWay()) || undefined);
    await end();
    const [answer] = await answered;
    return { status: answer.statusCode, body: await text(answer) };
  } finally {
    clearInterval(drip);
    sent.destroy();
  }
}

/** In parallel, because each waits for the next check of a caller. */
describe("Running requests of a revoked caller", { concurrency: 7 }, () => {
  for (const [what, begin] of Object.entries(streams)) {
    test(`${what} that never ends is rejected once its caller's access ends`, async () => {
      const stream = await begin();
      if (stream.isUnderWay !== undefined) return assert.equal((await refusalOf(stream)).status, 404);
      // If the caller's access ends early, the request is refused before its body. If a link ends after its caller was identified and
      // before its rights were read, the answer is "not found".
      await eventually("one is refused in the middle", 120_000, async () => {
        const { status, body } = await refusalOf(await begin());
        if (status === 404 && what === "a file by a link") return undefined;
        assert.equal(status, 401);
        return body.includes("while the body of the request was received") || undefined;
      });
    });
  }

  for (const [what, change] of Object.entries(changes))
    describe(what, { concurrency: 1 }, () => {
      test(`${what} is not completed if its token is revoked while the request runs`, async () => {
        const { status, body } = await hold(change, async (id) => void (await ok(admin, "DELETE", `/tokens/${id}`)));
        assert.deepEqual([status, body.code], [401, "unauthenticated"]);
        assert.equal(await change.isDone(), false);
      });

      test(`${what} is completed after a delay if its token is still valid`, async () => {
        assert.equal((await hold(change, async () => {})).status, 201);
        assert.equal(await change.isDone(), true);
      });
    });
});
