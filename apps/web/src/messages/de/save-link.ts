export const saveLink = {
  "saveLink.title": "In meinen Dateien speichern",
  "saveLink.saving": "Wird gespeichert…",
} as const;
