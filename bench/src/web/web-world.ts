import { mkdirSync } from "node:fs";
import { administrator, Api, removeFolder, type ServerProcess, spawnServer } from "@holdfast/server/acceptance/testing";
import { type Browser, launch, type Page } from "@holdfast/tools/testing-browser";
import { signIn, sizes } from "@holdfast/web/testing/test-app";
import { cpuSeconds, endedSeconds, processTree } from "../processes.ts";

export interface WebWorld {
  readonly folder: string;
  readonly server: ServerProcess;
  readonly browser: Browser;
  /** Administrator's API without the page. */
  readonly api: Api;
  /** Opens a signed-in page in a new profile at the list of all files. */
  readonly open: () => Promise<Page>;
}

/** @param folder separate folder, removed with the server's data */
export async function withWebWorld<Result>(
  folder: string,
  work: (world: WebWorld) => Promise<Result>,
): Promise<Result> {
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const server = await spawnServer({ dataFolder: `${folder}/data` });
  const browser = await launch();
  try {
    const open = async () => {
      const context = await browser.newContext({ viewport: sizes.desktop, locale: "en-GB" });
      const page = await context.newPage();
      await signIn(page, server.url, administrator);
      return page;
    };
    return await work({ folder, server, browser, api: await Api.signIn(server.url), open });
  } finally {
    await browser.close();
    await server.stop();
    removeFolder(folder);
  }
}

/** Returns total CPU time of the server with its database, and of all browser processes. */
export async function cpuOf({ server, browser }: WebWorld): Promise<{ server: number; browser: number }> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  return {
    server: processTree(server.pid).reduce((sum, pid) => sum + cpuSeconds(pid) + endedSeconds(pid), 0),
    browser: processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0),
  };
}
