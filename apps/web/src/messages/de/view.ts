export const view = {
  "view.title": "Ansicht",
  "view.list": "Listenansicht",
  "view.tiles": "Kachelansicht",
  "view.comfortable": "Normale Zeilen",
  "view.compact": "Kompakte Zeilen",
} as const;
