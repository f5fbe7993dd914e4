export const keys = {
  "keys.about": "Sie gelten, solange die Dateiliste den Fokus hat. Gib > in die Suche ein, um jeden Befehl zu finden.",
  "keys.commands": "Befehle",
  "keys.noCommand": "Kein passender Befehl.",
} as const;
