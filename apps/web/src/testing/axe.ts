import axe from "axe-core";
import type * as axeCore from "axe-core";
import type { Frame, Page } from "@holdfast/tools/testing-browser";

interface AxeOptions {
  /** Only this part: where something is open over the page, which is out of reach behind it. */
  readonly within?: string;
  /** Rules that do not hold there. */
  readonly without?: readonly string[];
}

/** What keeps somebody from using the page that is open, or a frame in it, by the rules of WCAG 2.2 AA. @returns a line each; empty is good */
export async function axeProblems(page: Page | Frame, { within, without = [] }: AxeOptions = {}): Promise<string[]> {
  // Half a megabyte, which stays until another document is loaded.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  const given = { tags, without, within: within ?? "html" };
  return page.evaluate(async (options) => {
    const { axe: runner } = globalThis as unknown as { axe: typeof axeCore };
    const { violations } = await runner.run(options.within, {
      runOnly: { type: "tag", values: options.tags },
      // Descriptions of passed checks would take most of the time.
      resultTypes: ["violations"],
      selectors: false,
      // Each is looked at by itself.
      iframes: false,
      rules: Object.fromEntries(options.without.map((rule) => [rule, { enabled: false }])),
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary ?? ""}`),
    );
  }, given);
}

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
