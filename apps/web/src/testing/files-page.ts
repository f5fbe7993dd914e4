import type { Locator, Page } from "@holdfast/tools/testing-browser";

/** The list of a folder, found by what people see of it. @public */
export function filesPage(page: Page) {
  return {
    list: () => page.getByRole("grid"),
    row: (name: string): Locator => page.getByRole("row").filter({ has: page.getByText(name, { exact: true }) }),
    /** Waits until the row is there. */
    seen: (name: string) =>
      page
        .getByRole("row")
        .filter({ has: page.getByText(name, { exact: true }) })
        .waitFor(),
  };
}
