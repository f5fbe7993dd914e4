import { shellWord } from "@holdfast/core/shell-word";

/**
 * What one pastes into a terminal, in the folder in which Holdfast is installed. Anywhere else nothing is fetched that has this name by chance.
 */
export function clientCommands(server: string, email: string): string {
  const holdfast = "npx --no-install holdfast";
  return [`${holdfast} login ${server} --email ${shellWord(email)}`, `${holdfast} sync ~/Drive`].join("\n");
}
