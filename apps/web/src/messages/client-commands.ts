/** What one pastes into a terminal, in the folder in which Holdfast is installed. */
export function clientCommands(server: string, email: string): string {
  return [`npx holdfast login ${server} --email ${quoted(email)}`, "npx holdfast sync ~/Drive"].join("\n");
}

/** In single quotes a shell takes everything as it is but the quote itself. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
