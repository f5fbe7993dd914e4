import type { Locator, Page } from "@holdfast/tools/testing-browser";

/** Finds rows by their visible names. @public */
export function filesPage(page: Page) {
  return {
    list: () => page.getByRole("grid"),
    row: (name: string): Locator => page.getByRole("row").filter({ has: page.getByText(name, { exact: true }) }),
    pickMore: async (name: string) => {
      await page.getByRole("menuitem", { name: "More", exact: true }).click();
      await page.getByRole("menuitem", { name }).click();
    },
    showAs: async (view: "List view" | "Grid view") => {
      await page.getByRole("button", { name: /^(?:List|Grid) view$/ }).click();
      await page.getByRole("menuitemradio", { name: view }).click();
      await page.getByRole("button", { name: view, exact: true }).waitFor();
    },
    seen: (name: string) =>
      page
        .getByRole("row")
        .filter({ has: page.getByText(name, { exact: true }) })
        .waitFor(),
  };
}
