export const saveLink = {
  "saveLink.title": "Save to my drive",
  "saveLink.what": "Save “{name}”",
  "saveLink.ofPerson": "Save to {name}’s drive ({email})",
  "saveLink.ofAddress": "Save to the drive of {email}",
  "saveLink.switch": "Switch account",
  "saveLink.counts": {
    one: "This uses the last download of the link.",
    other: "This uses one of the {count} downloads left.",
  },
  "saveLink.to": "Save to {folder}",
  "saveLink.saved": "{name} saved to {folder}",
  "saveLink.openFolder": "Open folder",
  "saveLink.saving": "Saving…",
} as const;
