import { after, afterEach, before, beforeEach } from "node:test";
import chromium from "@sparticuz/chromium";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { type Browser, type BrowserContext, chromium as driver, type Page } from "playwright-core";
import { madeOnce } from "./test-folder.ts";

export type { Page } from "playwright-core";

/** Where screenshots go, for whoever changes a page's look; nowhere unless given. */
const screenshots = process.env["HOLDFAST_TEST_SCREENSHOTS"];
/** Another browser than the package's own. */
const program = process.env["HOLDFAST_TEST_BROWSER"];

/** A page of its own for each test of one file, in a profile of its own. */
export interface TestPage {
  readonly page: Page;
  /** What the browser complained about: a violated policy, a failed script, a missing file. */
  readonly complaints: readonly string[];
  /** In the light and in the dark, if they are asked for. */
  readonly takePictures: (name: string) => Promise<void>;
}

/** To be called once in a test file, outside of its tests. */
export function useBrowser(viewport: { readonly width: number; readonly height: number }): TestPage {
  let launched: Promise<Browser | HoldfastError>;
  let context: BrowserContext | undefined;
  let page: Page;
  let complaints: string[] = [];
  before(async () => {
    launched = launch().catch(notStarted);
    await launched;
  });
  after(async () => {
    const browser = await launched;
    if (!(browser instanceof HoldfastError)) await browser.close();
  });
  beforeEach(async () => {
    const browser = await launched;
    // Not before: a hook that fails there keeps the file's own from running, and what others opened from being closed.
    if (browser instanceof HoldfastError) throw browser;
    context = await browser.newContext({ viewport });
    page = await context.newPage();
    complaints = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
  });
  afterEach(() => context?.close());
  return {
    get page() {
      return page;
    },
    get complaints() {
      return complaints;
    },
    takePictures: async (name) => {
      if (screenshots === undefined) return;
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: `${screenshots}/${name}-${colorScheme}.png` });
      }
    },
  };
}

async function launch(): Promise<Browser> {
  const executablePath = program ?? join(await madeOnce("browser", unpack), "chromium");
  // Not the package's own arguments: they switch the web's security off, which is what is looked at here.
  return driver.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"], headless: true });
}

function notStarted(cause: Error): HoldfastError {
  return new HoldfastError("failed", `The tests' browser does not start: ${cause.message}`, { cause });
}

/** The package unpacks to fixed names in the system's temporary folder. It asks for that folder before it first waits. */
async function unpack(folder: string): Promise<void> {
  const usual = process.env["TMPDIR"];
  process.env["TMPDIR"] = folder;
  const unpacked = chromium.executablePath();
  if (usual === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = usual;
  await unpacked;
}
