import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, afterEach, before, beforeEach } from "node:test";
import {
  administrator,
  Api,
  makeFolder,
  ok,
  removeFolder,
  type RunningServer,
  type ServerOptions,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { type Page, useBrowser } from "@holdfast/tools/testing-browser";
import { notesOfBrowser, watchPage } from "./watched-page.ts";

export const sizes = {
  phone: { width: 390, height: 844 },
  tablet: { width: 820, height: 1180 },
  desktop: { width: 1440, height: 900 },
} as const;

export interface Look {
  readonly size?: keyof typeof sizes;
  readonly isDark?: boolean;
  /** Emulates touch, without a hovering pointer. */
  readonly isTouch?: boolean;
  readonly locale?: string;
  /** Starts without accounts; `api` is unavailable. */
  readonly isNew?: boolean;
  readonly serverOptions?: Pick<ServerOptions, "args" | "env">;
}

export interface Person {
  readonly email: string;
  readonly password: string;
}

export interface App {
  /** New for each test, in a new profile. */
  readonly page: Page;
  readonly server: RunningServer;
  /** The administrator's, for preparing tests. */
  readonly api: Api;
  /** Waits for the heading. */
  open(place: string): Promise<void>;
  /** Stores a session cookie without loading a page. Default: the administrator. Call `open` next. */
  signIn(who?: Person): Promise<void>;
  signInByForm(who?: Person): Promise<void>;
  addPerson(name: string): Promise<Person & { readonly api: Api }>;
  /** Opens a page in another profile, such as another device or person. Watches it too. */
  another(): Promise<Page>;
  whileStopped(run: () => Promise<void>): Promise<void>;
  /** Permits matching complaints; others fail the test. */
  expectComplaint(pattern: RegExp): void;
}

/**
 * Call once per file, outside of tests. Unexpected console messages, script errors, failed requests and policy
 * violations fail a test.
 */
export function testApp(look: Look = {}): App {
  const folder = makeFolder("app");
  const viewport = sizes[look.size ?? "desktop"];
  const context = {
    colorScheme: look.isDark === true ? ("dark" as const) : ("light" as const),
    hasTouch: look.isTouch ?? false,
    isMobile: look.isTouch ?? false,
    locale: look.locale ?? "en-GB",
    reducedMotion: "reduce" as const,
  };
  const browser = useBrowser(viewport, context);
  let options: ServerOptions;
  let server: RunningServer;
  let api: Api;
  let complaints: string[] = [];
  let expected: RegExp[] = [];
  before(async () => {
    const env = { ...look.serverOptions?.env, ...(look.isNew === true ? withoutAdministrator : {}) };
    options = { dataFolder: `${folder}/data`, ...look.serverOptions, env };
    server = await startServer(options);
    if (look.isNew !== true) api = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    const reports = server === undefined ? [] : policyReports(server.logFile);
    removeFolder(folder);
    assert.deepEqual(reports, [], "what browsers reported to the server");
  });
  beforeEach(() => {
    complaints = [];
    expected = [...notesOfBrowser];
    watchPage(browser.page, complaints);
  });
  afterEach(() => {
    const unexpected = complaints.filter((text) => !expected.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, [], "what the browser complained about");
  });
  return {
    get page() {
      return browser.page;
    },
    get server() {
      return server;
    },
    get api() {
      return api;
    },
    open: async (place) => {
      await browser.page.goto(`${server.url}${place}`);
      // Behind an open dialog, the heading has no role.
      await browser.page.locator("h1").first().waitFor({ state: "attached" });
    },
    signIn: (who = administrator) => signIn(browser.page, server.url, who),
    signInByForm: (who = administrator) => signInByForm(browser.page, server.url, who),
    addPerson: async (name) => {
      const person = { email: `${name.toLowerCase()}@example.com`, password: `the password of ${name}` };
      // Creating accounts requires a fresh proof, and a test may have aged the other session.
      await ok(await Api.signIn(server.url), "POST", "/admin/users", { ...person, name });
      return { ...person, api: await Api.signIn(server.url, person) };
    },
    another: async () => {
      const page = await browser.another();
      watchPage(page, complaints);
      return page;
    },
    whileStopped: async (run) => {
      await server.stop();
      try {
        await run();
      } finally {
        server = await startServer({ ...options, port: server.port });
      }
    },
    expectComplaint: (pattern) => void expected.push(pattern),
  };
}

const withoutAdministrator = { HOLDFAST_ADMIN_EMAIL: undefined, HOLDFAST_ADMIN_PASSWORD: undefined };

/** The form would load the app once more. */
export async function signIn(page: Page, url: string, { email, password }: Person): Promise<void> {
  const headers = { origin: url };
  const answer = await page.request.post(`${url}/api/v1/sessions/web`, { headers, data: { email, password } });
  assert.equal(answer.status(), 200, await answer.text());
}

export async function signInByForm(page: Page, url: string, who: Person = administrator): Promise<void> {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel("E-mail address").fill(who.email);
  await page.getByLabel("Password", { exact: true }).fill(who.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(/\/files(?:[/?]|$)/);
}

function policyReports(logFile: string): string[] {
  return readFileSync(logFile, "utf8")
    .split("\n")
    .filter((line) => line.includes("the Content-Security-Policy blocked something"));
}
