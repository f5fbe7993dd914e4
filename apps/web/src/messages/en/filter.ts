/** Of the field that narrows a list. */
export const filter = {
  "filter.here": "Filter here",
  "filter.end": "Stop filtering",
  "filter.found": { one: "{count} name fits", other: "{count} names fit" },
  "filter.of": "{shown} of {total}",
  "filter.notWhole": "not all is loaded yet",
  "filter.nothing": "Nothing here is called so. Escape shows all again.",
} as const;
