export const saveLink = {
  "saveLink.title": "In meinen Dateien speichern",
  "saveLink.what": "„{name}“ speichern",
  "saveLink.ofPerson": "In den Dateien von {name} speichern ({email})",
  "saveLink.ofAddress": "In den Dateien von {email} speichern",
  "saveLink.switch": "Konto wechseln",
  "saveLink.counts": {
    one: "Das verbraucht den letzten Download dieses Links.",
    other: "Das verbraucht einen der noch {count} Downloads dieses Links.",
  },
  "saveLink.to": "In {folder} speichern",
  "saveLink.saved": "{name} in {folder} gespeichert",
  "saveLink.openFolder": "Ordner öffnen",
  "saveLink.saving": "Wird gespeichert…",
} as const;
