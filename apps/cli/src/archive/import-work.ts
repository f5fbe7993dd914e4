import type { NewIds } from "../transfer/new-ids.ts";
import type { PutWork } from "../transfer/put/put-work.ts";
import type { ImportReport } from "./import-report.ts";
import type { ReadArchive } from "./read-archive.ts";

export interface ImportWork extends Pick<PutWork, "client" | "pool" | "sent" | "pace" | "windows"> {
  readonly ids: NewIds;
  readonly archive: ReadArchive;
  readonly imported: ImportReport;
  /** Dry run: planned actions are only counted. */
  readonly isDry: boolean;
}
