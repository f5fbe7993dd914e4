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

/** How the browser of a test file is held. */
export interface Look {
  /** `desktop` unless told. */
  readonly size?: keyof typeof sizes;
  readonly isDark?: boolean;
  /** As by finger: no pointer that hovers. */
  readonly isTouch?: boolean;
  /** Of the browser; English unless told. */
  readonly locale?: string;
  /** Before the first run: nobody has an account, and `api` is not there. */
  readonly isNew?: boolean;
  readonly serverOptions?: Pick<ServerOptions, "args" | "env">;
}

export interface Person {
  readonly email: string;
  readonly password: string;
}

/** The app on a real server, as its people see it. */
export interface App {
  /** Another one for each test, in a profile of its own. */
  readonly page: Page;
  readonly server: RunningServer;
  /** Of the administrator, past the page: to make what a test begins with. */
  readonly api: Api;
  /** Goes to a place by its path, and waits for its title. */
  open(place: string): Promise<void>;
  /** Makes a session by a request, the administrator's unless told, and leaves its cookie in the browser. No page is loaded: call `open` next. */
  signIn(who?: Person): Promise<void>;
  /** Signs in with the form and waits for the drive. */
  signInByForm(who?: Person): Promise<void>;
  /** An account more. */
  addPerson(name: string): Promise<Person & { readonly api: Api }>;
  /** A further page in a profile of its own, watched like the first: another device, another person. */
  another(): Promise<Page>;
  /** Stops the server, and starts it again at the same address. */
  whileStopped(run: () => Promise<void>): Promise<void>;
  /** Whatever the browser complains about fails the test, but for what fits this. */
  expectComplaint(pattern: RegExp): void;
}

/**
 * To be called once in a test file, outside of its tests. Any line on the console, error of a script, failed request or violated
 * policy that a test did not expect fails it.
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
      // By its element: behind a dialog that a place opens with it has no role any more.
      await browser.page.locator("h1").first().waitFor({ state: "attached" });
    },
    signIn: (who = administrator) => signIn(browser.page, server.url, who),
    signInByForm: (who = administrator) => signInByForm(browser.page, server.url, who),
    addPerson: async (name) => {
      const person = { email: `${name.toLowerCase()}@example.com`, password: `the password of ${name}` };
      // Signed in anew: a test may have made the other session old, and accounts are made by a fresh proof alone.
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

/** Makes a session by a request and leaves its cookie in the browser: the form loads the app, and the place that is opened next loads it again. */
export async function signIn(page: Page, url: string, { email, password }: Person): Promise<void> {
  const headers = { origin: url };
  const answer = await page.request.post(`${url}/api/v1/sessions/web`, { headers, data: { email, password } });
  assert.equal(answer.status(), 200, await answer.text());
}

/** Signs in with the form, whatever page is open, and waits for the drive. */
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
