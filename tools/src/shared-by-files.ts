let isShared = false;
const ends: (() => Promise<void>)[] = [];

/** Keeps resources shared by files of this process until `endShared`. */
export function beginSharing(): void {
  isShared = true;
}

/** Returns true if later files of this process will use shared resources. */
export function isSharedByFiles(): boolean {
  return isShared;
}

export function atEndOfShared(end: () => Promise<void>): void {
  ends.push(end);
}

export async function endShared(): Promise<void> {
  isShared = false;
  for (const end of ends.splice(0)) await end();
}
