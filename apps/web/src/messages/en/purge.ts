/** Before something is deleted for good, and of what went into the trash from inside it before. */
export const purge = {
  "purge.title": { one: "Delete {count} item for good?", other: "Delete {count} items for good?" },
  "purge.versions": "All versions go with it.",
  "purge.within": {
    one: "So does {count} item that was moved to the trash from in there before.",
    other: "So do {count} items that were moved to the trash from in there before.",
  },
  "purge.withinMany": "So do more than {count} items that were moved to the trash from in there before.",
  "purge.withinAny": "So does whatever was moved to the trash from in there before.",
  "purge.noWayBack": "This cannot be undone.",
  "purge.act": "Delete for good",
  "purge.emptyTitle": "Empty the trash?",
  "purge.emptyText": "Everything in it is deleted for good, with all versions. This cannot be undone.",
  "purge.done": { one: "{count} deleted for good", other: "{count} deleted for good" },
} as const;
