export const keys = {
  "keys.about": "These work while the file list has focus. Type > in the search box to find any command.",
  "keys.commands": "Commands",
  "keys.noCommand": "No matching command.",
  "keys.move": "Move and select",
  "keys.extend": "Extend selection",
  "keys.focus": "Move without selecting",
  "keys.toggle": "Toggle selection",
  "keys.letters": "Jump to a name",
} as const;
