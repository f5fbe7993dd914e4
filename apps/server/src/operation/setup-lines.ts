import { shellWord } from "@holdfast/core/shell-word";

/** Where the link that makes the administrator is shown. */
export interface LinkScreen {
  /** What the command is called there. */
  readonly command?: string;
  readonly isTTY?: boolean;
  /** Characters in a line of the terminal. */
  readonly columns?: number;
}

/**
 * One line where no person looks, since scripts wait for it. On a terminal it stands in a frame, which has no sides: an address that is
 * longer than a line can be copied whole.
 * @param dataFolder undefined where the command finds it by itself
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

/** Name of the command for whoever started the server: below npm and npx, no `holdfast` is on the path of a terminal. */
export function commandFor(environment: Readonly<Record<string, string | undefined>>): string {
  return ["start", "npx"].includes(environment["npm_lifecycle_event"] ?? "") ? "npx holdfast" : "holdfast";
}

const ruleCharactersMax = 72;
