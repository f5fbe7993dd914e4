export const keys = {
  "keys.about": "Sie gelten, solange die Dateiliste den Fokus hat. Gib > in die Suche ein, um jeden Befehl zu finden.",
  "keys.commands": "Befehle",
  "keys.noCommand": "Kein passender Befehl.",
  "keys.move": "Bewegen und auswählen",
  "keys.extend": "Auswahl erweitern",
  "keys.focus": "Nur bewegen",
  "keys.toggle": "Auswahl umschalten",
  "keys.letters": "Zu einem Namen springen",
} as const;
