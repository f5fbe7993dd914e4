export const view = {
  "view.list": "Listenansicht",
  "view.tiles": "Kachelansicht",
  "view.comfortable": "Normale Zeilen",
  "view.compact": "Kompakte Zeilen",
} as const;
