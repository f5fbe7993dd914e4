/** scarce: from 80 %, as the server tells by mail as well. low: from 95 %. full: nothing more is taken. */
export type StorageState = "plenty" | "scarce" | "low" | "full";

/** @param quota in bytes, as `used` */
export function storageState(used: number, quota: number): StorageState {
  if (used >= quota) return "full";
  // Whole numbers, as the server has them: a mark is reached when it is.
  if (used * 100 >= quota * 95) return "low";
  return used * 100 >= quota * 80 ? "scarce" : "plenty";
}
