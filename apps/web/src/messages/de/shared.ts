export const shared = {
  "shared.withMe": "Mit mir",
  "shared.byMe": "Von mir",
  "shared.empty": "Hier erscheinen Dateien und Ordner, die andere mit dir teilen.",
  "shared.emptyByMe": "Hier erscheinen Dateien und Ordner, die du teilst.",
} as const;
