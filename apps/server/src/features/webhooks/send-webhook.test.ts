import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { isPublicAddress } from "./public-address.ts";
import { checkWebhookUrl, sendWebhook, type WebhookNetwork, webhookNetwork } from "./send-webhook.ts";
import { type Receiver, startReceiver } from "./testing.ts";

let receiver: Receiver;
before(async () => {
  receiver = await startReceiver();
});
after(() => receiver.stop());

const anywhere = webhookNetwork({ allowPrivate: true });
const secret = Buffer.from("a secret");
const asked = (url: string, body = "{}") => ({
  url,
  secret,
  body,
  nowMs: 1_900_000_000_999,
  signal: new AbortController().signal,
});

async function send(network: WebhookNetwork, url: string): Promise<{ code: string; message: string } | "sent"> {
  try {
    await sendWebhook(network, asked(url));
    return "sent";
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return { code, message };
  }
}

async function counting<Result>(work: Promise<Result>): Promise<[Result, number]> {
  const earlier = receiver.received.length;
  const result = await work;
  return [result, receiver.received.length - earlier];
}

test("the signature covers the timestamp and the exact body", async () => {
  const body = JSON.stringify({ id: "1", name: "Grüße ✓" });
  await sendWebhook(anywhere, asked(receiver.url, body));
  const { headers, body: came } = receiver.received.at(-1) ?? assert.fail();
  const mac = createHmac("sha256", secret).update(`1900000000.${body}`).digest("hex");
  assert.deepEqual([came, headers["holdfast-signature"]], [body, `t=1900000000,v1=${mac}`]);
  assert.equal(headers["content-type"], "application/json");
});

test("only 2xx is a success, and redirects are not followed", async () => {
  for (const status of [200, 202, 204]) {
    receiver.answer = (response) => void response.writeHead(status).end(status === 204 ? undefined : "thanks");
    assert.equal(await send(anywhere, receiver.url), "sent");
  }
  for (const status of [301, 302, 307, 308, 400, 404, 410, 429, 500, 503]) {
    receiver.answer = (response) => void response.writeHead(status, { location: `${receiver.url}&again` }).end("no");
    const [answer, requests] = await counting(send(anywhere, receiver.url));
    assert.ok(answer !== "sent" && answer.message.includes(String(status)), JSON.stringify(answer));
    assert.equal(requests, 1);
  }
});

test("an endless response is not read, and a missing one times out", async () => {
  let written = 0;
  receiver.answer = (response) => {
    response.writeHead(200);
    const more = (): void => {
      for (let room = true; room && !response.destroyed;) {
        written += 64 * 1024;
        room = response.write(Buffer.alloc(64 * 1024));
      }
      response.once("drain", more);
    };
    more();
  };
  assert.equal(await send(anywhere, receiver.url), "sent");
  assert.ok(written < 64 * 1024 * 1024, `${written} bytes`);
  receiver.answer = () => {};
  const late = await send({ ...anywhere, timeoutMs: 200 }, receiver.url);
  assert.deepEqual(late, { code: "unavailable", message: "It did not answer in time." });
  receiver.answer = (response) => void response.writeHead(204).end();
});

test("addresses of this machine are not called without the setting, under any name", async () => {
  const inside = webhookNetwork({ allowPrivate: false });
  const { port } = receiver;
  for (const host of [
    "127.0.0.1",
    "localhost",
    "127.1",
    "0x7f.1",
    "2130706433",
    "0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::]",
  ]) {
    const [answer, requests] = await counting(send(inside, `http://${host}:${port}/`));
    assert.ok(answer !== "sent" && /private network/.test(answer.message), `${host}: ${JSON.stringify(answer)}`);
    assert.equal(requests, 0, host);
  }
});

test("a rebinding name is resolved once, and only the checked address is called", async () => {
  // The address of the first lookup is allowed. This machine listens on the address of the second.
  let looks = 0;
  const rebinding: WebhookNetwork = {
    resolve: async () => [{ address: (looks += 1) === 1 ? "127.0.0.2" : "127.0.0.1", family: 4 }],
    isAllowed: (address) => address !== "127.0.0.1",
    timeoutMs: 60_000,
  };
  const url = `http://rebinding.example:${receiver.port}/`;
  const [first, requests] = await counting(send(rebinding, url));
  assert.ok(first !== "sent" && /ECONNREFUSED 127.0.0.2/.test(first.message), JSON.stringify(first));
  assert.deepEqual([looks, requests], [1, 0]);
  const [second, more] = await counting(send(rebinding, url));
  assert.ok(second !== "sent" && /private network/.test(second.message), JSON.stringify(second));
  assert.deepEqual([looks, more], [2, 0]);
});

test("only allowed addresses of a name are called", async () => {
  const { port } = receiver;
  const network: WebhookNetwork = {
    resolve: async () => [
      { address: "127.0.0.3", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ],
    isAllowed: (address) => address !== "127.0.0.3",
    timeoutMs: 60_000,
  };
  assert.deepEqual(await counting(send(network, `http://several.example:${port}/`)), ["sent", 1]);
});

test("a private address in a URL is rejected at creation", () => {
  const check = (url: string) => {
    try {
      return checkWebhookUrl(url, { isAllowed: isPublicAddress });
    } catch (error) {
      const { code, field } = error as { code: string; field: string };
      return `${code} ${field}`;
    }
  };
  assert.equal(check("https://example.com/a?b"), "https://example.com/a?b");
  assert.equal(check("http://8.8.8.8:9000"), "http://8.8.8.8:9000/");
  for (const bad of [
    "",
    "example.com",
    "ftp://a.b/",
    "file:///etc/passwd",
    "https://u:p@a.b/",
    "https://a.b/#c",
    "http://",
  ])
    assert.equal(check(bad), "invalid_field url", bad);
  for (const inside of [
    "http://127.0.0.1/",
    "http://0177.0.0.1/",
    "http://[::ffff:10.0.0.1]/",
    "http://169.254.169.254/x",
  ])
    assert.equal(check(inside), "invalid_field url", inside);
});
