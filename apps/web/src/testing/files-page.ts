import type { Locator, Page } from "@holdfast/tools/testing-browser";

/** Finds rows by their visible names. @public */
export function filesPage(page: Page) {
  return {
    list: () => page.getByRole("grid"),
    row: (name: string): Locator => page.getByRole("row").filter({ has: page.getByText(name, { exact: true }) }),
    seen: (name: string) =>
      page
        .getByRole("row")
        .filter({ has: page.getByText(name, { exact: true }) })
        .waitFor(),
  };
}
