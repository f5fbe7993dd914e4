import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ok } from "@holdfast/server/acceptance/testing";
import type { Locator, Page } from "@holdfast/tools/testing-browser";
import { isLongTier } from "@holdfast/tools/tiers";
import { axeProblems } from "./axe.ts";
import { type App, sizes } from "./test-app.ts";

/** Reads the routes as text, because importing them requires a browser. */
const source = (name: string) => readFileSync(join(import.meta.dirname, "../routes", name), "utf8");

function sectionsOf(name: string): string[] {
  const [, table = ""] = /^const pages = \{\n(.*?)^\}/ms.exec(source(name)) ?? [];
  const sections = Array.from(table.matchAll(/^ {2}(\w+):/gm), ([, id = ""]) => id);
  assert.ok(sections.length > 4, `the sections of ${name} are not found any more`);
  return sections;
}

export interface ShownPlace {
  readonly path: string;
  readonly isForStrangers?: true;
  /** Set if the heading does not show that the place has loaded. */
  readonly shows?: (page: Page) => Locator;
}

const placesOf: Readonly<Record<string, (made: Made) => readonly ShownPlace[]>> = {
  "/files": () => [{ path: "/files", shows: anyRow }],
  "/files/$id": ({ folder, file }) => [
    { path: `/files/${folder}`, shows: anyRow },
    {
      path: `/files/${folder}?open=${file}`,
      shows: (page) => page.frameLocator("iframe").getByText("Words of the plan"),
    },
    ...["details", "versions", "activity", "comments", "sharing"].map((panel) => ({
      path: `/files/${folder}?panel=${panel}`,
      shows: (page: Page) => page.getByRole("tab", { selected: true }),
    })),
    { path: "/files/nowhere", shows: (page) => page.getByRole("button", { name: /Go to your files|Try again/ }) },
  ],
  "/f/$id": ({ file }) => [
    { path: `/f/${file}`, shows: (page) => page.frameLocator("iframe").getByText("Words of the plan") },
  ],
  "/recent": () => [{ path: "/recent", shows: anyRow }],
  "/starred": () => [{ path: "/starred", shows: anyRow }],
  "/shared": () => [
    { path: "/shared", shows: (page) => page.getByText("Files and folders that others share with you appear here.") },
    { path: "/shared?by=me", shows: anyRow },
  ],
  "/trash": () => [{ path: "/trash", shows: anyRow }],
  "/search": () => [{ path: "/search" }, { path: "/search?q=plan", shows: anyRow }],
  "/edit/$id": ({ file }) => [{ path: `/edit/${file}`, shows: (page) => page.getByRole("textbox").last() }],
  "/rewind/$id": () => [{ path: "/rewind/root" }],
  "/save/$token": ({ link, file }) => [
    { path: `/save/${link}`, shows: anyDialog },
    { path: `/save/${link}?in=${file}`, shows: anyDialog },
  ],
  "/receive": () => [{ path: "/receive", shows: (page) => page.getByText("No files are waiting") }],
  "/settings/{-$section}": () => sectionsOf("settings.tsx").map((id) => ({ path: `/settings/${id}` })),
  "/admin/{-$section}": () => sectionsOf("admin.tsx").map((id) => ({ path: `/admin/${id}` })),
  "/authorize/$id": () => [{ path: "/authorize/nowhere" }],
  "/device": () => [{ path: "/device" }, { path: "/device#BCDF-GHJK" }],
  "/setup": () => [
    { path: "/setup", isForStrangers: true },
    { path: `/setup#hfs_${"a".repeat(43)}`, isForStrangers: true },
  ],
  "/invite": () => [
    { path: "/invite", isForStrangers: true },
    { path: `/invite#hfi_${"a".repeat(43)}`, isForStrangers: true },
  ],
  "/sign-in/callback": () => [{ path: "/sign-in/callback", isForStrangers: true }],
  "/sign-out": () => [{ path: "/sign-out" }, { path: "/sign-out", isForStrangers: true }],
  "/sign-in": () => [{ path: "/sign-in", isForStrangers: true }],
  "/forgot": () => [{ path: "/forgot", isForStrangers: true }],
  "/design": () => [{ path: "/design" }],
};

interface Made {
  readonly file: string;
  readonly folder: string;
  readonly link: string;
}

const anyRow = (page: Page) => page.getByRole("row").first();
const anyDialog = (page: Page) => page.getByRole("dialog");

async function makeSomething(app: App): Promise<Made> {
  const { api } = app;
  await ok(api, "POST", "/metadata", { path: "/Papers", kind: "folder" });
  await api.put("/Papers/plan.md", "Words of the plan.");
  await api.put("/Papers/gone.txt", "gone");
  await ok(api, "DELETE", `/files/${await api.idOf("/Papers/gone.txt")}`);
  const [file, folder] = [await api.idOf("/Papers/plan.md"), await api.idOf("/Papers")];
  await ok(api, "PUT", `/files/${file}/star`);
  const bob = await app.addPerson("Bob");
  await ok(api, "POST", `/files/${file}/share`, { email: bob.email, role: "editor" });
  const { token } = await ok(api, "POST", `/files/${folder}/share`, { link: true, role: "viewer" });
  return { file, folder, link: token };
}

export interface Look {
  readonly colorScheme: "light" | "dark";
  readonly size: keyof typeof sizes;
}

/** Call once per file. */
export function testPlaces(app: App) {
  let made: Promise<Made> | undefined;
  const all = async (): Promise<ShownPlace[]> => {
    const something = await (made ??= makeSomething(app));
    return Object.values(placesOf).flatMap((places) => places(something));
  };
  return {
    /**
     * Runs axe before and after sign-in. The default run checks every second place.
     * @param alsoAssert runs on each place
     */
    assertAccessible: async (
      { colorScheme, size }: Look,
      alsoAssert?: (place: ShownPlace) => Promise<void>,
    ): Promise<void> => {
      app.expectComplaint(/status of 404 .*\/nowhere/);
      await app.page.emulateMedia({ colorScheme });
      await app.page.setViewportSize(sizes[size]);
      const places = (await all()).filter((_, index) => isLongTier || index % 2 === 0);
      const assertEach = async (shown: readonly ShownPlace[]): Promise<void> => {
        for (const place of shown) {
          await isFine(app, place);
          await alsoAssert?.(place);
          await app.page.setViewportSize(sizes[size]);
        }
      };
      await assertEach(places.filter(({ isForStrangers }) => isForStrangers));
      await app.signIn();
      await assertEach(places.filter(({ isForStrangers }) => !isForStrangers));
    },
  };
}

export function pathsOfPlaces(): { routed: ReadonlySet<string | undefined>; listed: ReadonlySet<string> } {
  const paths = source("router.tsx").matchAll(/^ {2}path: "([^"]+)"/gm);
  return {
    routed: new Set(Array.from(paths, ([, path]) => path).filter((path) => path !== "/")),
    listed: new Set(Object.keys(placesOf)),
  };
}

async function show({ page, server }: App, { path, shows }: ShownPlace): Promise<void> {
  const section = /^\/(?:settings|admin)\//.exec(path)?.[0];
  if (section !== undefined && new URL(page.url()).pathname.startsWith(section)) {
    const former = await page.locator("h1").first().textContent();
    await page.evaluate((to) => history.pushState(null, "", to), path);
    await page.waitForFunction(
      (text) => ![null, undefined, text].includes(document.querySelector("h1")?.textContent),
      former,
    );
  } else await page.goto(`${server.url}${path}`);
  await (shows?.(page) ?? page.getByRole("heading", { level: 1 }).first()).waitFor();
}

async function isFine(app: App, place: ShownPlace): Promise<void> {
  const { path } = place;
  await show(app, place);
  // The gallery permanently shows a loading state and each component twice.
  const isGallery = path === "/design";
  if (!isGallery)
    await app.page.waitForFunction(() => document.querySelector("[role=status][aria-label=Loading]") === null);
  assert.deepEqual(await axeProblems(app.page, { without: isGallery ? ["landmark-unique"] : [] }), [], path);
}
