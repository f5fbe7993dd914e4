export const view = {
  "view.title": "View",
  "view.list": "List view",
  "view.tiles": "Grid view",
  "view.comfortable": "Comfortable rows",
  "view.compact": "Compact rows",
} as const;
