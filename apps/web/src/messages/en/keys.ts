/** Of keys and of the list of commands. */
export const keys = {
  "keys.about": "They act while the list has the focus. Type > into the search for all that can be done.",
  "keys.commands": "Commands",
  "keys.noCommand": "No command is called so.",
} as const;
