export interface ScanProgress {
  /** Counts files just seen, without folders. */
  seen(files: number): void;
  /** Counts new and changed files to read next. @param isLast no folder was left to a later scan */
  found(files: number, bytes: number, isLast: boolean): void;
  read(): void;
}

export function reportFound<Entry extends Sized>(
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
