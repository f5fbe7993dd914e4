export const purge = {
  "purge.title": { one: "Permanently delete {count} item?", other: "Permanently delete {count} items?" },
  "purge.versions": "All versions are deleted too.",
  "purge.within": {
    one: "{count} item that was moved to the trash from inside it earlier is deleted too.",
    other: "{count} items that were moved to the trash from inside it earlier are deleted too.",
  },
  "purge.withinMany": "More than {count} items that were moved to the trash from inside it earlier are deleted too.",
  "purge.withinAny": "Items that were moved to the trash from inside it earlier are deleted too.",
  "purge.noWayBack": "This cannot be undone.",
  "purge.act": "Delete permanently",
  "purge.emptyTitle": "Empty the trash?",
  "purge.emptyText": "Everything in this list is permanently deleted, with all versions. This cannot be undone.",
  "purge.done": { one: "{count} item permanently deleted", other: "{count} items permanently deleted" },
} as const;
