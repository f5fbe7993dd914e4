import { shellWord } from "@holdfast/core/shell-word";

export interface LinkScreen {
  readonly command?: string;
  readonly isTTY?: boolean;
  /** Characters per terminal line. */
  readonly columns?: number;
}

/**
 * Without a terminal there is one line, for which scripts wait. A terminal gets a frame without sides, so that a long
 * address can be copied whole.
 * @param dataFolder undefined if the command finds it without help
 */
export function setupLines(
  url: string,
  dataFolder: string | undefined,
  { isTTY, columns: reported, command = "holdfast" }: LinkScreen,
): string[] {
  // A terminal without a known size reports 0.
  const columns = reported || ruleCharactersMax;
  if (isTTY !== true) return [`Open this link once to create the administrator: ${url}`];
  const rule = "─".repeat(Math.max(1, Math.min(columns, ruleCharactersMax)));
  const asked = "Open this link once to create the administrator:";
  const where = dataFolder === undefined ? "" : ` --data ${shellWord(dataFolder)}`;
  const more = `Valid for 7 days. To get another one: ${command} admin setup-link${where}`;
  const fit = (line: string) =>
    line.length <= columns ? [line] : line.split(/(?<=one:|the) (?=administrator|(?:npx )?holdfast admin)/);
  return [rule, ...fit(asked), "", url, "", ...fit(more), rule];
}

/** Under npm and npx, `holdfast` is not on the path. */
export function commandFor(environment: Readonly<Record<string, string | undefined>>): string {
  return ["start", "npx"].includes(environment["npm_lifecycle_event"] ?? "") ? "npx holdfast" : "holdfast";
}

const ruleCharactersMax = 72;
