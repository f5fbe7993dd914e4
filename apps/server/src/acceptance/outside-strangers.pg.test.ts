import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, test } from "node:test";
import { type Liar, startLiar } from "../features/issuer/testing-liar.ts";
import { testClient } from "../features/issuer/testing-provider.ts";
import { OutsideVisit } from "./outside-visit.ts";
import { eventually, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

const folder = makeFolder("outside-strangers");
let server: RunningServer;
let liar: Liar;

before(async () => {
  liar = await startLiar();
  server = await startServer({
    dataFolder: `${folder}/data`,
    args: ["--behind-proxy"],
    env: {
      HOLDFAST_OIDC: JSON.stringify({ issuer: liar.issuer, ...testClient, name: "Example ID" }),
      HOLDFAST_RATE_LIMIT_ADDRESS: "5000",
      HOLDFAST_RATE_LIMIT_SIGN_IN: "10",
    },
  });
});
after(async () => {
  await server?.stop();
  await liar?.stop();
  removeFolder(folder);
});

async function begun(address: string) {
  const visit = new OutsideVisit(server.url, address);
  const asked = new URL(await visit.begin()).searchParams;
  const json = { code: "invented", state: asked.get("state") ?? "" };
  return { nonce: asked.get("nonce") ?? "", answer: () => visit.call("POST", "/sessions/outside/answer", json) };
}

test("a flood of invented codes from one address blocks no other sign-in and causes one issuer request at a time", async () => {
  const strangers = await Promise.all(Array.from({ length: 40 }, () => begun("198.51.100.66")));
  const somebody = await begun("192.0.2.7");
  const held: ServerResponse[] = [];
  let isSomebody = false;
  liar.lies.answer = (request, response) => {
    if (request.url?.startsWith("/token") !== true || isSomebody) return false;
    held.push(response);
    return true;
  };
  const answers = Promise.all(strangers.map(({ answer }) => answer()));
  await eventually("the issuer is asked of a stranger", 60_000, () => held[0]);
  isSomebody = true;
  liar.nonce = somebody.nonce;
  const asked = liar.asked.length;
  assert.equal((await somebody.answer()).status, 200);
  // If more strangers had been passed on to the issuer, it would have seen more requests.
  assert.deepEqual(
    liar.asked.slice(asked).filter((path) => path === "/token"),
    ["/token"],
  );
  assert.equal(held.length, 1, "one source is asked about once at a time");
  const refuse = (response: ServerResponse) =>
    response.writeHead(400, { "content-type": "application/json" }).end('{"error":"invalid_grant"}');
  liar.lies.answer = (request, response) => {
    if (request.url?.startsWith("/token") !== true) return false;
    refuse(response);
    return true;
  };
  for (const response of held) refuse(response);
  const statuses = (await answers).map(({ status }) => status);
  assert.deepEqual(new Set(statuses), new Set([401, 429]));
  assert.ok(statuses.filter((status) => status === 401).length <= 12, String(statuses));
});
