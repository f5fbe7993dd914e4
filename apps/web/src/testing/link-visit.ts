import { ok } from "@holdfast/server/acceptance/testing";
import type { Page } from "@holdfast/tools/testing-browser";
import type { App } from "./test-app.ts";

interface MadeLink {
  readonly id: string;
  readonly url: string;
}

export async function makeLink(
  { api }: Pick<App, "api">,
  path: string,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<MadeLink> {
  const node = await api.idOf(path).catch(async () => (await makeFolder({ api }, path)).id);
  return ok(api, "POST", `/files/${node}/share`, { link: true, role: "viewer", ...fields });
}

export async function makeFolder({ api }: Pick<App, "api">, path: string): Promise<{ readonly id: string }> {
  return ok(api, "POST", "/metadata", { path, kind: "folder", parents: true });
}

export async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.locator("body:not([data-link])").getByRole("heading", { level: 1 }).first().waitFor({ state: "attached" });
}
