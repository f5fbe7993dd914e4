export interface ScanProgress {
  /** Number of files just seen, without folders. */
  seen(files: number): void;
  /** New and changed files to read next. @param isLast no folder was left to a later scan */
  found(files: number, bytes: number, isLast: boolean): void;
  /** Called for each file that was read. */
  read(): void;
}

/** @param isChanged returns true if an entry is new or differs from its row */
export function tellFound<Entry extends Sized>(
  progress: ScanProgress | undefined,
  { entries, later }: { readonly entries: readonly Entry[]; readonly later: readonly unknown[] },
  isChanged: (entry: Entry) => boolean,
): void {
  if (progress === undefined) return;
  const files = entries.filter((entry) => entry.kind === "file" && isChanged(entry));
  const bytes = files.reduce((sum, { stat }) => sum + stat.fingerprint.sizeBytes, 0);
  progress.found(files.length, bytes, later.length === 0);
}

interface Sized {
  readonly kind: string;
  readonly stat: { readonly fingerprint: { readonly sizeBytes: number } };
}
