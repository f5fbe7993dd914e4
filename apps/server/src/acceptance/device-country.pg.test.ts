import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { administrator, Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

describe("a device that signed in from an address of the internet", () => {
  const folder = makeFolder("device-country");
  let server: RunningServer;
  before(async () => {
    server = await startServer({ dataFolder: `${folder}/data`, args: ["--behind-proxy"] });
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  test("is listed and told with the country of its network, and one of a private network with none", async () => {
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
    const { items: notices } = await ok(own, "GET", "/notifications");
    for (const [address, country] of Object.entries(countries)) {
      const device = (devices as { name: string; country: string | null }[]).find(({ name }) => name === address);
      assert.equal(device?.country, country ?? null, address);
      const told = (notices as { detail: Record<string, unknown> }[]).find(({ detail }) => detail["name"] === address);
      assert.equal(told?.detail["address"], address);
      assert.equal(told.detail["country"], country, address);
    }
  });
});
