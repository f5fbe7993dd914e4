import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, ok } from "@holdfast/server/acceptance/testing";
import { Home } from "./home.ts";

test("a sync stops within two seconds of its device's removal", async () => {
  const home = await Home.open("lost-device-timing");
  try {
    const device = await home.addDevice("lost");
    device.start();
    await device.idle();
    // The long poll is open after the device is listed as syncing.
    const found = await eventually("it waits for changes", 120_000, async () => {
      const { items } = await ok(home.api, "GET", "/devices");
      return items.find(({ name, kind }: Record<string, unknown>) => name === device.name && kind === "sync");
    });
    await ok(home.api, "DELETE", `/devices/${found.id}`);
    const answeredMs = performance.now();
    assert.equal(await device.ended(), 3);
    const tookMs = performance.now() - answeredMs;
    assert.ok(tookMs < 2000, `it took ${Math.round(tookMs)} ms`);
  } finally {
    await home.close();
  }
});
