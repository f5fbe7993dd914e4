export const filter = {
  "filter.here": "Diese Liste filtern",
  "filter.end": "Filter aufheben",
  "filter.found": { one: "{count} Treffer", other: "{count} Treffer" },
  "filter.of": "{shown} von {total}",
  "filter.notWhole": "wird noch geladen",
  "filter.nothing": "Keine Treffer. Esc zeigt wieder alles.",
} as const;
