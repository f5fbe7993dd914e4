/** Receives how far a scan has come. */
export interface ScanProgress {
  /** The number of files that were just seen; folders do not count. */
  seen(files: number): void;
  /** New and changed files that the scan reads next. @param isLast no folder was left to a later scan */
  found(files: number, bytes: number, isLast: boolean): void;
  /** One of the found files was read. */
  read(): void;
}

/** @param isChanged whether an entry is new, or differs from what is known of it */
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
