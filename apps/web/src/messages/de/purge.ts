export const purge = {
  "purge.title": { one: "{count} Element endgültig löschen?", other: "{count} Elemente endgültig löschen?" },
  "purge.versions": "Alle Versionen gehen mit.",
  "purge.within": {
    one: "Auch {count} Element, das vorher von dort in den Papierkorb kam, ist dann endgültig weg.",
    other: "Auch {count} Elemente, die vorher von dort in den Papierkorb kamen, sind dann endgültig weg.",
  },
  "purge.withinMany":
    "Auch mehr als {count} Elemente, die vorher von dort in den Papierkorb kamen, sind dann endgültig weg.",
  "purge.withinAny": "Auch was vorher von dort in den Papierkorb kam, ist dann endgültig weg.",
  "purge.noWayBack": "Das lässt sich nicht rückgängig machen.",
  "purge.act": "Endgültig löschen",
  "purge.emptyTitle": "Papierkorb leeren?",
  "purge.emptyText": "Alles darin wird mit allen Versionen endgültig gelöscht. Das lässt sich nicht rückgängig machen.",
  "purge.done": { one: "{count} endgültig gelöscht", other: "{count} endgültig gelöscht" },
} as const;
