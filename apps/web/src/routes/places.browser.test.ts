import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import type { Locator, Page } from "@holdfast/tools/testing-browser";
import { axeProblems } from "../testing/axe.ts";
import { hasFocus } from "../testing/focus.ts";
import { sizes, testApp } from "../testing/test-app.ts";

const app = testApp();

/** The routes need a browser, so what they have is read as it is written. */
const source = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8");

/** The pages behind one place, each of which is another. */
function sectionsOf(name: string): string[] {
  const [, table = ""] = /^const pages = \{\n(.*?)^\}/ms.exec(source(name)) ?? [];
  const sections = Array.from(table.matchAll(/^ {2}(\w+):/gm), ([, id = ""]) => id);
  assert.ok(sections.length > 4, `the sections of ${name} are not found any more`);
  return sections;
}

interface ShownPlace {
  readonly path: string;
  /** As who has not signed in. */
  readonly isForStrangers?: true;
  /** What shows that it is whole, where its heading does not. */
  readonly shows?: (page: Page) => Locator;
}

/** Every route of the router with each address at which something else is shown. `file` and `folder` are made before. */
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
    { path: "/shared", shows: (page) => page.getByText("What others share with you") },
    { path: "/shared?by=me", shows: anyRow },
  ],
  "/trash": () => [{ path: "/trash", shows: anyRow }],
  "/search": () => [{ path: "/search" }, { path: "/search?q=plan", shows: anyRow }],
  "/edit/$id": ({ file }) => [{ path: `/edit/${file}`, shows: (page) => page.getByRole("textbox").last() }],
  "/rewind/$id": () => [{ path: "/rewind/root" }],
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
}

const anyRow = (page: Page) => page.getByRole("row").first();

let made: Promise<Made> | undefined;
/** Something for each list to show. */
const makeSomething = () =>
  (made ??= (async () => {
    await ok(app.api, "POST", "/metadata", { path: "/Papers", kind: "folder" });
    await app.api.put("/Papers/plan.md", "Words of the plan.");
    await app.api.put("/Papers/gone.txt", "gone");
    await ok(app.api, "DELETE", `/files/${await app.api.idOf("/Papers/gone.txt")}`);
    const [file, folder] = [await app.api.idOf("/Papers/plan.md"), await app.api.idOf("/Papers")];
    await ok(app.api, "PUT", `/files/${file}/star`);
    const bob = await app.addPerson("Bob");
    await ok(app.api, "POST", `/files/${file}/share`, { email: bob.email, role: "editor" });
    return { file, folder };
  })());

const allPlaces = async () => {
  const something = await makeSomething();
  return Object.values(placesOf).flatMap((places) => places(something));
};

test("the table of places has every route of the router, and nothing else", () => {
  const paths = source("router.tsx").matchAll(/^ {2}path: "([^"]+)"/gm);
  assert.deepEqual(
    new Set(Array.from(paths, ([, path]) => path).filter((path) => path !== "/")),
    new Set(Object.keys(placesOf)),
  );
});

for (const { colorScheme, size } of [
  { colorScheme: "light", size: "desktop" },
  { colorScheme: "dark", size: "desktop" },
  { colorScheme: "light", size: "phone" },
  { colorScheme: "dark", size: "phone" },
] as const) {
  test(`axe finds nothing on any place in the ${colorScheme} on a ${size}`, async () => {
    app.expectComplaint(/status of 404 .*\/nowhere/);
    const { page } = app;
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(sizes[size]);
    const places = await allPlaces();
    for (const place of places.filter(({ isForStrangers }) => isForStrangers)) await isFine(place);
    await app.signIn();
    for (const place of places.filter(({ isForStrangers }) => !isForStrangers)) await isFine(place);
  });
}

async function show({ path, shows }: ShownPlace): Promise<void> {
  await app.page.goto(`${app.server.url}${path}`);
  await (shows?.(app.page) ?? app.page.getByRole("heading", { level: 1 }).first()).waitFor();
}

async function isFine(place: ShownPlace): Promise<void> {
  const { page } = app;
  const { path } = place;
  await show(place);
  // The page of the components shows for ever how it looks, and has each of them twice.
  const isGallery = path === "/design";
  if (!isGallery)
    await page.waitForFunction(() => document.querySelector("[role=status][aria-label=Loading]") === null);
  assert.deepEqual(await axeProblems(page, { without: isGallery ? ["landmark-unique"] : [] }), [], path);
}

test("no place is wider than the screen of a small phone, and New and Upload are on every one", async () => {
  app.expectComplaint(/status of 404 .*\/nowhere/);
  const { page } = app;
  await page.setViewportSize({ width: 320, height: 640 });
  await app.signIn();
  for (const place of await allPlaces()) {
    if (place.isForStrangers || place.path === "/design" || /^\/(?:authorize|device|sign-out)/.test(place.path))
      continue;
    await show(place);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320, place.path);
    // What lies over the list has acts of its own.
    if (/panel=|open=|^\/f\//.test(place.path)) continue;
    for (const name of ["New", "Upload"]) {
      const box = await page.getByRole("button", { name, exact: true }).last().boundingBox();
      assert.ok(box !== null && box.width >= 24 && box.x + box.width <= 320, `${place.path}: ${name}`);
    }
  }
});

test("the keyboard opens a menu at its first item, Escape gives the focus back, and a dialog keeps it within", async () => {
  const { page } = app;
  await page.goto(`${app.server.url}/design`);
  const light = page.getByRole("region", { name: "Light" });
  const opener = light.getByRole("button", { name: "Open a menu" });
  await opener.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menu", { name: "New" }).waitFor();
  await page.waitForFunction(() => document.activeElement?.textContent.startsWith("New folder") === true);
  assert.deepEqual(await axeProblems(page, { within: "[role=menu]" }), []);
  await page.keyboard.press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
  await hasFocus(opener);
  const dialogOpener = light.getByRole("button", { name: "Open a dialog" });
  await dialogOpener.click();
  const dialog = page.getByRole("dialog");
  await hasFocus(dialog);
  assert.deepEqual(await axeProblems(page, { within: "[role=dialog]" }), []);
  for (let press = 0; press < 6; press++) {
    await page.keyboard.press("Tab");
    assert.equal(await dialog.evaluate((element) => element.contains(document.activeElement)), true);
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await hasFocus(dialogOpener);
});

test("a toast is told to who does not see it, stays under the pointer, and its act is reached by the keyboard", async () => {
  const { page } = app;
  await page.goto(`${app.server.url}/design`);
  const light = page.getByRole("region", { name: "Light" });
  await light.getByRole("button", { name: "Show a toast" }).click();
  await page.locator("[aria-live=polite]").filter({ hasText: "3 files moved" }).waitFor({ state: "attached" });
  const undo = page.getByRole("region", { name: "Messages" }).getByRole("button", { name: "Undo" });
  await undo.focus();
  await page.keyboard.press("Enter");
  await undo.waitFor({ state: "detached" });
});

test("with forced colours and without motion nothing is lost: what is chosen has an outline, and a menu is there at once", async () => {
  const { page } = app;
  await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  await page.goto(`${app.server.url}/design`);
  const light = page.getByRole("region", { name: "Light" });
  const selected = light.getByText("Selected", { exact: true }).first().locator("..");
  assert.notEqual(await selected.evaluate((row) => getComputedStyle(row).outlineStyle), "none");
  await light.getByRole("button", { name: "Open a menu" }).click();
  const menu = page.getByRole("menu");
  await menu.waitFor();
  assert.ok(Number.parseFloat(await menu.evaluate((element) => getComputedStyle(element).animationDuration)) < 0.001);
});
