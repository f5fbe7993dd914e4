import { after, afterEach, before, beforeEach } from "node:test";
import chromium from "@sparticuz/chromium";
import { type Browser, chromium as driver, type Page } from "playwright-core";

export type { Page } from "playwright-core";

/** Where screenshots go, for whoever changes a page's look; nowhere unless given. */
const screenshots = process.env["HOLDFAST_TEST_SCREENSHOTS"];

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
  let browser: Browser;
  let page: Page;
  let complaints: string[];
  before(async () => {
    // Not the package's own arguments: they switch the web's security off, which is what is looked at here.
    browser = await driver.launch({
      executablePath: await chromium.executablePath(),
      args: ["--no-sandbox", "--disable-gpu"],
      headless: true,
    });
  });
  after(() => browser.close());
  beforeEach(async () => {
    const context = await browser.newContext({ viewport });
    page = await context.newPage();
    complaints = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
  });
  afterEach(() => page.context().close());
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
