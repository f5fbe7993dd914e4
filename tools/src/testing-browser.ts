import { after, afterEach, before, beforeEach } from "node:test";
import chromium from "@sparticuz/chromium";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium as driver,
  type Page,
} from "playwright-core";
import { patience } from "./bounded.ts";
import { atEndOfShared, isSharedByFiles } from "./shared-by-files.ts";
import { madeOnce } from "./test-folder.ts";

export type { Browser, Frame, Locator, Page } from "playwright-core";

/** Folder for screenshots, for work on a page's look; default: none. */
const screenshots = process.env["HOLDFAST_TEST_SCREENSHOTS"];
/** Replaces the package's browser. */
const program = process.env["HOLDFAST_TEST_BROWSER"];

/** Timeout of every wait of Playwright. */
export const browserWaitMs = 30_000 * patience;
/** Limit of a test: half of its file's, so that later files in the same process run. */
const testMsMax = 4 * 60_000;

/** Separate page and profile for each test of one file. */
export interface TestPage {
  readonly page: Page;
  /** Browser errors: a violated policy, a failed script, a missing file. */
  readonly complaints: readonly string[];
  /** Takes light and dark screenshots if requested. */
  readonly takePictures: (name: string) => Promise<void>;
  /** Opens another page in a separate profile for the current test. Its errors are ignored. */
  readonly another: () => Promise<Page>;
}

/** Call once in a test file, outside of its tests. */
export function useBrowser(
  viewport: { readonly width: number; readonly height: number },
  options: BrowserContextOptions = {},
): TestPage {
  let launched: Promise<Browser | HoldfastError>;
  let contexts: BrowserContext[] = [];
  let page: Page;
  let complaints: string[] = [];
  let late: NodeJS.Timeout | undefined;
  before(async () => {
    launched = launchShared().catch(notStarted);
    await launched;
  });
  after(async () => {
    if (!isSharedByFiles()) await close(await launched);
  });
  beforeEach(async () => {
    // Not earlier: a failing hook there would skip the file's own hooks and leave resources open.
    page = await another();
    // Keys and scripts have no timeout: closing rejects their waits, which shows where they waited.
    late = setTimeout(() => void closeAll(`The test took more than ${testMsMax / 1000} s.`), testMsMax);
    complaints = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
  });
  afterEach(async () => {
    clearTimeout(late);
    await closeAll();
    contexts = [];
  });
  const closeAll = async (reason?: string) => {
    for (const context of contexts) await context.close(reason === undefined ? {} : { reason });
  };
  const another = async () => {
    const browser = await launched;
    if (browser instanceof HoldfastError) throw browser;
    const context = await browser.newContext({ viewport, ...options });
    context.setDefaultTimeout(browserWaitMs);
    contexts.push(context);
    return context.newPage();
  };
  return {
    get page() {
      return page;
    },
    get complaints() {
      return complaints;
    },
    another,
    takePictures: async (name) => {
      if (screenshots === undefined) return;
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: `${screenshots}/${name}-${colorScheme}.png` });
      }
    },
  };
}

/**
 * Name of this machine for the browser, which trusts plain http at `127.0.0.1` and `localhost` like https. At other
 * names it has no service workers, no caches and no `Clear-Site-Data`.
 */
export const plainHttpHost = "plain-http";

/** Launches a browser outside of tests. */
export async function launch(): Promise<Browser> {
  const executablePath = program ?? join(await madeOnce("browser", unpack), "chromium");
  // Omits the package's arguments, which disable the web security under test.
  const args = ["--no-sandbox", "--disable-gpu", `--host-resolver-rules=MAP ${plainHttpHost} 127.0.0.1`];
  return driver.launch({ executablePath, args, headless: true });
}

let shared: Promise<Browser> | undefined;

/** Returns one browser for all files of the process, unless it has ended. */
async function launchShared(): Promise<Browser> {
  if (!isSharedByFiles()) return launch();
  const isThere = (await shared?.catch(() => undefined))?.isConnected() === true;
  if (isThere && shared !== undefined) return shared;
  const launched = launch();
  shared = launched;
  atEndOfShared(async () => close(await launched.catch(notStarted)));
  return launched;
}

async function close(browser: Browser | HoldfastError): Promise<void> {
  if (!(browser instanceof HoldfastError)) await browser.close();
}

function notStarted(cause: Error): HoldfastError {
  return new HoldfastError("failed", `The tests' browser does not start: ${cause.message}`, { cause });
}

/** Unpacks the package, which uses fixed names in the system's temporary folder. It reads that folder before its first wait. */
async function unpack(folder: string): Promise<void> {
  const usual = process.env["TMPDIR"];
  process.env["TMPDIR"] = folder;
  const unpacked = chromium.executablePath();
  if (usual === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = usual;
  await unpacked;
}
