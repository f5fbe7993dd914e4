import assert from "node:assert/strict";
import { beforeEach } from "node:test";
import { eventually, ok } from "@holdfast/server/acceptance/testing";
import type { Page } from "@holdfast/tools/testing-browser";
import { filesPage } from "./files-page.ts";
import { type App, type Look, testApp } from "./test-app.ts";

export interface FilesApp {
  readonly app: App;
  /** A new folder per test. */
  readonly folder: string;
  /** A trailing slash creates a folder. */
  readonly fill: (...names: readonly string[]) => Promise<void>;
  readonly makeFolder: (path: string) => Promise<{ readonly id: string }>;
  readonly openFolder: () => Promise<{ readonly page: Page; readonly files: ReturnType<typeof filesPage> }>;
  readonly namesOnServer: (path?: string) => Promise<readonly string[]>;
  readonly shownNames: (page?: Page) => Promise<readonly string[]>;
  readonly selectedNames: (page?: Page) => Promise<readonly string[]>;
}

/** Call once per file, outside of tests. */
export function filesApp(look: Look = {}): FilesApp {
  const app = testApp(look);
  let folder = "";
  let made = 0;
  const makeFolder = (path: string) => ok(app.api, "POST", "/metadata", { path, kind: "folder", parents: true });
  beforeEach(async () => {
    folder = `/test ${++made}`;
    await makeFolder(folder);
  });
  return {
    app,
    get folder() {
      return folder;
    },
    makeFolder,
    fill: async (...names) => {
      for (const name of names) {
        if (name.endsWith("/")) await makeFolder(`${folder}/${name.slice(0, -1)}`);
        else assert.equal((await app.api.put(`${folder}/${name}`, `content of ${name}`)).status, 201);
      }
    },
    openFolder: async () => {
      await app.signIn();
      await app.open(`/files/${await app.api.idOf(folder)}`);
      await app.page.getByRole("grid").waitFor();
      await isShown(app.page, folder.slice(1));
      return { page: app.page, files: filesPage(app.page) };
    },
    namesOnServer: async (path = folder) => {
      const { items } = await ok(app.api, "GET", `/folders/${await app.api.idOf(path)}/contents?sort=natural`);
      return items.map(({ name }: { name: string }) => name);
    },
    shownNames: (page = app.page) => page.getByRole("row").getByRole("link").allInnerTexts(),
    selectedNames: (page = app.page) => page.getByRole("row", { selected: true }).getByRole("link").allInnerTexts(),
  };
}

/** Rows may load before the folder. */
export async function isShown(page: Page, name: string): Promise<void> {
  await page.waitForFunction((title) => document.title === title, `${name} – Holdfast`);
}

/** A failure shows the last difference. */
export async function becomes(read: () => Promise<readonly string[]>, expected: readonly string[]): Promise<void> {
  let last: readonly string[] = [];
  const isSo = async () => {
    last = await read();
    return last.join("|") === expected.join("|") ? true : undefined;
  };
  await eventually("the names", 30_000, isSo).catch(() => assert.deepEqual(last, expected));
}
