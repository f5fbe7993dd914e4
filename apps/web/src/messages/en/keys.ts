export const keys = {
  "keys.about": "These work while the file list has focus. Type > in the search box to find any command.",
  "keys.commands": "Commands",
  "keys.noCommand": "No matching command.",
} as const;
