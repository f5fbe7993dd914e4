let isShared = false;
const ends: (() => Promise<void>)[] = [];

/** From now on what the files of this process share stays until `endShared`. */
export function beginSharing(): void {
  isShared = true;
}

/** Whether further files of this process will use what one has started. */
export function isSharedByFiles(): boolean {
  return isShared;
}

/** Ends what a file started for itself and for the files after it. */
export function atEndOfShared(end: () => Promise<void>): void {
  ends.push(end);
}

export async function endShared(): Promise<void> {
  isShared = false;
  for (const end of ends.splice(0)) await end();
}
