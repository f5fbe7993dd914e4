/** Of keys and of the list of commands. */
export const keys = {
  "keys.about": "Sie gelten, solange die Liste den Fokus hat. Gib > in die Suche ein für alles, was möglich ist.",
  "keys.commands": "Befehle",
  "keys.noCommand": "Kein Befehl heißt so.",
} as const;
