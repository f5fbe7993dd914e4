import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { reservePort } from "./reserved-port.ts";

test("a port is reserved only once across running processes, and stays free for its owner", async (t) => {
  const own: number[] = [];
  for (let count = 0; count < 20; count += 1) own.push(await reservePort(0.5));
  assert.equal(new Set(own).size, own.length);
  const server = createServer().listen(own[0], "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const script = `
    import { reservePort } from ${JSON.stringify(new URL("reserved-port.ts", import.meta.url).href)};
    console.log(await reservePort(0.5));`;
  const port = Number(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }));
  assert.ok(port > own[0]! && !own.includes(port), `${port} was given to both`);
});

test("a port in use without a reservation is skipped", async (t) => {
  const before = await reservePort(0.25);
  const server = createServer().listen(before + 1, "127.0.0.1");
  t.after(() => server.close());
  // A failure means that another process already listens there.
  await Promise.race([once(server, "listening"), once(server, "error")]);
  assert.notEqual(await reservePort(0.25), before + 1);
});
