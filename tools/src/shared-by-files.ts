let isShared = false;
const ends: (() => Promise<void>)[] = [];

/** Keeps resources that files of this process share until `endShared`. */
export function beginSharing(): void {
  isShared = true;
}

/** True if later files of this process will use what this one starts. */
export function isSharedByFiles(): boolean {
  return isShared;
}

/** Registers how a shared resource ends. */
export function atEndOfShared(end: () => Promise<void>): void {
  ends.push(end);
}

export async function endShared(): Promise<void> {
  isShared = false;
  for (const end of ends.splice(0)) await end();
}
