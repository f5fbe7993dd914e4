export const purge = {
  "purge.title": { one: "{count} Element endgültig löschen?", other: "{count} Elemente endgültig löschen?" },
  "purge.versions": "Auch alle Versionen werden gelöscht.",
  "purge.within": {
    one: "Auch {count} Element, das früher von dort in den Papierkorb gelegt wurde, wird gelöscht.",
    other: "Auch {count} Elemente, die früher von dort in den Papierkorb gelegt wurden, werden gelöscht.",
  },
  "purge.withinMany":
    "Auch mehr als {count} Elemente, die früher von dort in den Papierkorb gelegt wurden, werden gelöscht.",
  "purge.withinAny": "Auch alles, was früher von dort in den Papierkorb gelegt wurde, wird gelöscht.",
  "purge.noWayBack": "Das lässt sich nicht rückgängig machen.",
  "purge.act": "Endgültig löschen",
  "purge.emptyTitle": "Papierkorb leeren?",
  "purge.emptyText":
    "Alles in dieser Liste wird mit allen Versionen endgültig gelöscht. Das lässt sich nicht rückgängig machen.",
  "purge.done": { one: "{count} Element endgültig gelöscht", other: "{count} Elemente endgültig gelöscht" },
} as const;
