export const saveLink = {
  "saveLink.title": "Save to my drive",
  "saveLink.saving": "Saving…",
} as const;
