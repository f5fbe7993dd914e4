/** Values of `--only`. */
export const keptRowNames = ["kept-shrink", "kept-backup"] as const;

export const serverRowNames = ["mixed", "surge", "sign-in", "rest"] as const;

export const sharingRowNames = [
  "share-call",
  "share-check",
  "share-list",
  "share-edit",
  "share-rewind",
  "share-devices",
] as const;

export const syncRowNames = ["sync-new", "sync-small", "sync-large", "sync-idle"] as const;

export const webRowNames = [
  "web-list",
  "web-folder",
  "web-acts",
  "web-tasks",
  "web-small",
  "web-large",
  "web-memory",
] as const;

export const rowNames = [
  "start",
  "large",
  "small",
  ...serverRowNames,
  "polls",
  ...keptRowNames,
  ...sharingRowNames,
  ...syncRowNames,
  ...webRowNames,
] as const;
export type RowName = (typeof rowNames)[number];

/** Rows that `--against` can measure: Holdfast runs in other processes, and their CPU time is known. */
export const pairedRowNames = [
  "start",
  "large",
  "small",
  "mixed",
  "sign-in",
  "sync-new",
  "sync-small",
  "sync-large",
] as const satisfies readonly RowName[];
export type PairedRowName = (typeof pairedRowNames)[number];
