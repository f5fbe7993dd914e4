import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { languages } from "@holdfast/protocol/account-settings";
import { type Page, useBrowser } from "@holdfast/tools/testing-browser";
import { axeProblems } from "@holdfast/web/testing/axe";
import { openLog } from "../../base/operation/log.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import { openWebApp } from "./web-app.ts";

const pages = {
  "/nowhere": { en: "Page not found", de: "Seite nicht gefunden" },
  "/healthz": { en: "Server error", de: "Fehler auf dem Server" },
  "/files": { en: "The server is starting", de: "Der Server startet" },
} as const;

const browser = useBrowser({ width: 390, height: 844 });
const { promise: built, resolve: finish } = Promise.withResolvers<readonly string[]>();
const web = openWebApp(
  ({ building }) => {
    building();
    return built;
  },
  openLog("info", { write: () => undefined }),
);
let server: TestServer;

before(async () => {
  await web.opened;
  const live = () => {
    throw new Error("a defect");
  };
  server = await startTestServer({ live }, { web });
});
after(async () => {
  finish([]);
  await server.close(0);
  await web.close();
});

async function findings(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 844 });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      // WCAG 2.2.1 protects reading and input. The build page has one sentence, and refreshes until the app is
      // available.
      const problems = await axeProblems(page, { without: ["meta-refresh"] });
      found.push(...problems.map((each) => `${width} ${colorScheme} ${each}`));
    }
    const beyond = Number(await page.evaluate("document.documentElement.scrollWidth - innerWidth"));
    if (beyond > 0) found.push(`${width}: the page is ${beyond} pixels too wide`);
  }
  return found;
}

for (const [path, titles] of Object.entries(pages))
  for (const language of languages)
    test(`${path}, "${titles[language]}", fits small and large screens and has no axe violations`, async () => {
      const { page } = browser;
      await page.setExtraHTTPHeaders({ "accept-language": language });
      await page.goto(`${server.url}${path}`);
      // A response without content keeps the page when it refreshes.
      await page.route("**/*", (route) => route.fulfill({ status: 204 }));
      await page.getByRole("heading", { name: titles[language] }).waitFor();
      assert.deepEqual(await findings(page), []);
      await browser.takePictures(`plain${path.replace("/", "-")}-${language}`);
      assert.deepEqual(
        browser.complaints.filter((each) => !each.startsWith("Failed to load resource")),
        [],
      );
    });
