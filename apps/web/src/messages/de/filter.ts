/** Of the field that narrows a list. */
export const filter = {
  "filter.here": "Hier filtern",
  "filter.end": "Nicht mehr filtern",
  "filter.found": { one: "{count} Name passt", other: "{count} Namen passen" },
  "filter.of": "{shown} von {total}",
  "filter.notWhole": "noch nicht alles geladen",
  "filter.nothing": "Nichts hier heißt so. Esc zeigt wieder alles.",
} as const;
