import type { Page } from "@holdfast/tools/testing-browser";

export interface Network {
  readonly name: string;
  /** Delay until the start of each response. */
  readonly latencyMs: number;
  readonly downBytesPerSecond: number;
  readonly upBytesPerSecond: number;
}

/**
 * "Fast 3G" by both common definitions. Lighthouse (core/config/constants.js, `mobileSlow4G`, formerly Chromium's
 * preset "Fast 3G") uses 3.75 round trips of 150 ms per request, with or without an open connection, and nine tenths of
 * 1.6 Mbit/s and 750 kbit/s. WebPageTest's profile "3GFast" uses 150 ms per round trip, the cost of a request on an
 * open connection, 1.6 Mbit/s and 768 kbit/s.
 */
export const slowNetworks: readonly Network[] = [
  { name: "Lighthouse's", latencyMs: 562.5, downBytesPerSecond: 1_474_560 / 8, upBytesPerSecond: 691_200 / 8 },
  { name: "WebPageTest's", latencyMs: 150, downBytesPerSecond: 1_600_000 / 8, upBytesPerSecond: 768_000 / 8 },
];

/** Lighthouse's value for a mid-range phone. */
export const cpuSlowdown = 4;

export async function slowDown(page: Page, network: Network): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: network.latencyMs,
    downloadThroughput: network.downBytesPerSecond,
    uploadThroughput: network.upBytesPerSecond,
  });
  await slowProcessor(page, cpuSlowdown);
}

/** @param rate 1 is unthrottled */
export async function slowProcessor(page: Page, rate: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate });
}
