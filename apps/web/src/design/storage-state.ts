/** scarce: from 80 %, like the server's e-mail. low: from 95 %. full: uploads are rejected. */
export type StorageState = "plenty" | "scarce" | "low" | "full";

export function storageState(used: number, quota: number): StorageState {
  if (used >= quota) return "full";
  // Integers, to avoid rounding errors.
  if (used * 100 >= quota * 95) return "low";
  return used * 100 >= quota * 80 ? "scarce" : "plenty";
}
