/** Worker module of another package, for pool.test.ts. */
import { task } from "./task.ts";

export const doubleTask = task((number: number) => 2 * number);
export const brokenTask = task((number: number): number => {
  throw new TypeError(`a fault of ours, at ${number}`);
});
