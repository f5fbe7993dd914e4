import type { Page } from "@holdfast/tools/testing-browser";
import type { Row } from "../report.ts";
import { at } from "../sharing/latencies.ts";
import { putNames } from "./put-names.ts";
import { firstRowShown, watchFigures } from "@holdfast/web/testing/watched-figures";
import { cpuSlowdown, type Network, slowDown, slowNetworks } from "./slow-network.ts";
import { withWebWorld, type WebWorld } from "./web-world.ts";

/** In milliseconds. */
const goals = { cold: 3000, warm: 1000 };

const settleMs = 2000;

interface Opened {
  readonly firstRowMs: number;
  readonly shift: number;
  readonly requests: number;
  readonly scriptBytes: number;
  readonly bytes: number;
}

/** Measures the time from navigation to the frame with the first row, for a signed-in user. */
export function measureFirstList(folder: string, rounds: number): Promise<Row[]> {
  return withWebWorld(folder, async (world) => {
    await putNames(world.api, "", 300);
    const rows: Row[] = [];
    for (const network of slowNetworks) rows.push(...(await measureOn(world, network, rounds)));
    return rows;
  });
}

async function measureOn(world: WebWorld, network: Network, rounds: number): Promise<Row[]> {
  const cold: Opened[] = [];
  const warm: Opened[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const signedIn = await world.open();
    const state = await signedIn.context().storageState();
    await signedIn.context().close();
    // Uses a new profile with the cookie and an empty cache.
    const context = await world.browser.newContext({ viewport: { width: 1440, height: 900 }, storageState: state });
    cold.push(await openOnce(await context.newPage(), world, network));
    warm.push(await openOnce(await context.newPage(), world, network));
    await context.close();
  }
  return [...rowsOf("cold", cold, network), ...rowsOf("warm", warm, network)];
}

async function openOnce(page: Page, { server }: WebWorld, network: Network): Promise<Opened> {
  const figures = await watchFigures(page);
  await slowDown(page, network);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let requests = 0;
  let bytes = 0;
  let scriptBytes = 0;
  const scripts = new Set<string>();
  session.on("Network.responseReceived", ({ requestId, type, response }) => {
    if (type === "Script") scripts.add(requestId);
    if (!response.fromDiskCache) requests += 1;
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    bytes += encodedDataLength;
    if (scripts.has(requestId)) scriptBytes += encodedDataLength;
  });
  await page.goto(`${server.url}/files`);
  await firstRowShown(page);
  const counted = { requests, bytes, scriptBytes };
  // Later content, such as pictures and the tray, must not shift the layout either.
  await page.waitForTimeout(settleMs);
  const { firstRowMs = Number.NaN, shift } = await figures();
  await page.close();
  return { firstRowMs, shift, ...counted };
}

function rowsOf(kind: keyof typeof goals, opened: readonly Opened[], network: Network): Row[] {
  const work = `first list, ${kind}, ${network.name} fast 3G, processor ${cpuSlowdown} times slower`;
  const times = opened.map(({ firstRowMs }) => firstRowMs);
  const [one] = opened;
  const note = `of ${times.map((each) => each.toFixed(0)).join(", ")}; before it ${one?.requests} requests with an answer from the network`;
  return [
    { work, by: "holdfast", value: at(times, 0.5), unit: "ms", goal: { atMost: goals[kind] }, note },
    {
      work: `${work}: script`,
      by: "holdfast",
      value: (one?.scriptBytes ?? 0) / 1024,
      unit: "KB",
      goal: { atMost: 150 },
      note: `of ${((one?.bytes ?? 0) / 1024).toFixed(0)} KB in all`,
    },
    {
      work: `${work}: layout shift`,
      by: "holdfast",
      value: Math.max(...opened.map(({ shift }) => shift)),
      unit: "CLS",
      goal: { atMost: 0 },
    },
  ];
}
