export const shared = {
  "shared.withMe": "With me",
  "shared.byMe": "By me",
  "shared.empty": "Files and folders that others share with you appear here.",
  "shared.emptyByMe": "Files and folders that you share appear here.",
} as const;
