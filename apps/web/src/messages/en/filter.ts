export const filter = {
  "filter.here": "Filter this list",
  "filter.end": "Clear filter",
  "filter.found": { one: "{count} match", other: "{count} matches" },
  "filter.of": "{shown} of {total}",
  "filter.notWhole": "still loading",
  "filter.nothing": "No matches here. Press Esc to show everything.",
} as const;
