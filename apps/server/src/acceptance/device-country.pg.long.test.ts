import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  administrator,
  Api,
  eventually,
  makeFolder,
  ok,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

interface Notice {
  readonly detail: Record<string, unknown>;
}

describe("Device that signed in from a public address", () => {
  const folder = makeFolder("device-country");
  let server: RunningServer;
  before(async () => {
    server = await startServer({ dataFolder: `${folder}/data`, args: ["--behind-proxy"] });
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  test("is listed and reported with its network's country, and a private address without one", async () => {
    const own = await Api.signIn(server.url);
    const countries = { "193.99.144.80": "DE", "2001:4860:4860::8888": "US", "192.168.1.7": undefined };
    for (const address of Object.keys(countries)) {
      const { status } = await new Api(server.url).call(
        "POST",
        "/sessions",
        { ...administrator, device_name: address },
        { headers: { "x-forwarded-for": address } },
      );
      assert.equal(status, 200);
    }
    const { items: devices } = await ok(own, "GET", "/devices");
    const told = await eventually("each of the devices is told of", 30_000, async () => {
      const { items } = await ok(own, "GET", "/notifications");
      const details = new Map(items.map(({ detail }: Notice) => [detail["name"], detail]));
      return Object.keys(countries).every((address) => details.has(address)) ? details : undefined;
    });
    for (const [address, country] of Object.entries(countries)) {
      const device = (devices as { name: string; country: string | null }[]).find(({ name }) => name === address);
      assert.equal(device?.country, country ?? null, address);
      const { address: from, country: shown } = told.get(address) as Notice["detail"];
      assert.deepEqual([from, shown], [address, country]);
    }
  });
});
