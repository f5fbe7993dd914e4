import type { Page } from "@holdfast/tools/testing-browser";

export interface Network {
  readonly name: string;
  /** Until the answer of each request begins. */
  readonly latencyMs: number;
  readonly downBytesPerSecond: number;
  readonly upBytesPerSecond: number;
}

/**
 * "Fast 3G", by the two ways in which the field counts it. Lighthouse (core/config/constants.js, `mobileSlow4G`, in Chromium's tools once
 * the preset "Fast 3G") takes 3.75 round trips of 150 ms for each request, whether or not its connection is open, and nine tenths of
 * 1.6 Mbit/s and 750 kbit/s. WebPageTest's profile "3GFast" has 150 ms a round trip, which is what a request costs on a connection that is
 * open, 1.6 Mbit/s and 768 kbit/s.
 */
export const slowNetworks: readonly Network[] = [
  { name: "Lighthouse's", latencyMs: 562.5, downBytesPerSecond: 1_474_560 / 8, upBytesPerSecond: 691_200 / 8 },
  { name: "WebPageTest's", latencyMs: 150, downBytesPerSecond: 1_600_000 / 8, upBytesPerSecond: 768_000 / 8 },
];

/** Lighthouse's for a phone of the middle. */
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

/** @param rate 1 for as fast as it is */
export async function slowProcessor(page: Page, rate: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate });
}
