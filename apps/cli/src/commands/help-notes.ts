import type { Command } from "commander";

export type HelpNote = string | readonly [term: string, description: string];

/** Wraps notes to the terminal like all other help. */
export function withNotes(command: Command, notes: readonly HelpNote[]): Command {
  return command.addHelpText("after", ({ command: shown, error }) => {
    const output = shown.configureOutput();
    const columns = (error ? output.getErrHelpWidth?.() : output.getOutHelpWidth?.()) ?? 80;
    const helper = shown.createHelp();
    helper.prepareContext({ error, helpWidth: columns });
    const termWidth = Math.max(0, ...notes.map((note) => (typeof note === "string" ? 0 : note[0].length)));
    const blocks = notes.map((note) =>
      typeof note === "string" ? helper.boxWrap(note, columns) : helper.formatItem(note[0], termWidth, note[1], helper),
    );
    return `\n${blocks.join("\n")}`;
  });
}
