import { shellWord } from "@holdfast/core/shell-word";

/** What one pastes into a terminal, in the folder in which Holdfast is installed. */
export function clientCommands(server: string, email: string): string {
  return [`npx holdfast login ${server} --email ${shellWord(email)}`, "npx holdfast sync ~/Drive"].join("\n");
}
