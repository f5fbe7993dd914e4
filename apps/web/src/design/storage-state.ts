/** scarce: from 80 %, when the server also sends an e-mail. low: from 95 %. full: uploads are rejected. */
export type StorageState = "plenty" | "scarce" | "low" | "full";

/** @param used in bytes @param quota in bytes */
export function storageState(used: number, quota: number): StorageState {
  if (used >= quota) return "full";
  // Integers avoid rounding errors at the thresholds.
  if (used * 100 >= quota * 95) return "low";
  return used * 100 >= quota * 80 ? "scarce" : "plenty";
}
