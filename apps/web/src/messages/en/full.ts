export const full = {
  "full.almost": "{percent} full",
  "full.almostNext": "Only {left} left. Delete files and empty the trash. An administrator can raise the limit.",
  "full.storedAlmost": "Old versions and the trash use most of your storage. See Settings for details.",
  "full.title": "Your storage is full",
  "full.next":
    "You cannot upload any more files. Delete files and empty the trash. An administrator can raise the limit.",
} as const;
