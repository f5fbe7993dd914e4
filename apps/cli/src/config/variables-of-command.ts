/** Variables that the command itself reads. Those of `serve` are its settings. */
export const ofCommand: ReadonlySet<string> = new Set([
  "HOLDFAST_CONFIG_DIR",
  "HOLDFAST_SERVER",
  "HOLDFAST_TOKEN",
  "HOLDFAST_INSECURE",
  "HOLDFAST_DEBUG",
]);
