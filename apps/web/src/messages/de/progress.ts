export const progress = {
  "progress.uploading": { one: "{count} Datei wird hochgeladen", other: "{count} Dateien werden hochgeladen" },
  "progress.uploaded": { one: "{count} Datei hochgeladen", other: "{count} Dateien hochgeladen" },
  "progress.needYou": {
    one: "{count} Datei wartet auf dich",
    other: "{count} Dateien warten auf dich",
  },
  "progress.failed": { one: "{count} Element fehlgeschlagen", other: "{count} Elemente fehlgeschlagen" },
  "progress.half": "Die Hälfte ist hochgeladen",
} as const;
