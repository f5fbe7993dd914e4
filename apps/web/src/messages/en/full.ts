export const full = {
  "full.almost": "{percent} full",
  "full.almostNext": "Only {left} left. Delete files and empty the trash. An administrator can raise the limit.",
  "full.storedAlmost": "Old versions and the trash fill your storage. See Settings for how much they use.",
  "full.title": "Your storage is full",
  "full.next":
    "You cannot upload anything more. Delete files and empty the trash. An administrator can raise the limit.",
} as const;
