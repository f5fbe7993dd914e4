import { type PickKind, pickUploads } from "../../../commands/uploads.ts";
import { serverAddress } from "../../../data/account.ts";
import type { Drive } from "../../../data/drive.ts";
import { lineageQuery } from "../../../data/lineage.ts";
import { viewerLink } from "../../../data/viewer-link.ts";
import { copyText, CopyFailed } from "../../../design/copy-text.ts";
import { announcer } from "../../../design/live-regions.tsx";
import { shownName } from "../../../design/shown-name.ts";
import { showToast } from "../../../design/toasts.ts";
import { problemWords } from "../../../messages/problem-words.ts";
import { messages, withWords } from "../../../messages/use-messages.ts";
import { act, redo, undo } from "./act-runner.ts";
import { clipboard, setClipboard } from "./clipboard.ts";
import {
  type Outcome,
  type Step,
  stepsToCopy,
  stepsToMove,
  stepsToRestore,
  stepsToTrash,
  stepToRename,
  type Subject,
  type Taken,
} from "./file-steps.ts";
import type { FilesActs, ShownFolder } from "./files-context.ts";
import { addressOf, folderOf, type ListedRow, type SeenTrash } from "../rows/row-source.ts";
import { star } from "./star.ts";

export interface ActsHost {
  /** Undefined until its name and path have loaded, which may be later than its rows. */
  readonly folder: ShownFolder | undefined;
  readonly folderId: string | undefined;
  /** Journal position of the shown list. */
  readonly seen: SeenTrash | undefined;
  /** Loads the whole selection first. */
  readonly selected: () => Promise<readonly ListedRow[]>;
  readonly beginRename: (id: string) => void;
  readonly focus: (id: string) => void;
  readonly filter: () => void;
  readonly ask: (question: PlaceQuestion) => void;
  /** Updates lists that the journal does not. */
  readonly onDone: (ids: ReadonlySet<string>) => void;
  readonly onStar: (ids: ReadonlySet<string>, isStarred: boolean) => void;
}

export type PlaceQuestion =
  | { readonly kind: "move" | "copy" | "purge" | "leave"; readonly rows: readonly ListedRow[] }
  | { readonly kind: "emptyTrash"; readonly seen: SeenTrash };

export interface PlaceActs extends FilesActs {
  readonly rename: (row: ListedRow, name: string) => void;
  readonly openRow: (row: ListedRow) => void;
  readonly goTo: (folderId: string | null) => void;
  /**
   * Called by drag and by dialog.
   * @param to without a name: the shown folder, whose name has not loaded yet
   */
  readonly put: (
    kind: "move" | "copy",
    rows: readonly ListedRow[],
    to: { id: string; name?: string | undefined },
  ) => void;
  readonly trashRows: (rows: readonly ListedRow[]) => Promise<Outcome>;
}

export interface Go {
  readonly open: (row: ListedRow) => void;
  /** Null: the root folder. */
  readonly folder: (id: string | null) => void;
  readonly panel: (panel: "details" | "versions" | "sharing") => void;
  readonly rewind: (id: string) => void;
}

export function makePlaceActs(drive: Drive, host: () => ActsHost, go: Go): PlaceActs {
  const parts: Parts = { drive, host, go, withSelected: (use) => () => withSelected(host(), use) };
  return { ...goingActs(parts), ...changingActs(parts), ...makingActs(parts), ...clipboardActs(parts) };
}

interface Parts {
  readonly drive: Drive;
  readonly host: () => ActsHost;
  readonly go: Go;
  readonly withSelected: (use: (rows: readonly ListedRow[]) => unknown) => () => void;
}

function withSelected(host: ActsHost, use: (rows: readonly ListedRow[]) => unknown): void {
  host
    .selected()
    .then(use)
    .catch((thrown: unknown) => showToast({ kind: "error", text: problemWords(thrown, messages()) }));
}

function goingActs({ drive, host, go, withSelected: about }: Parts) {
  return {
    openRow: go.open,
    goTo: go.folder,
    open: about(([row]) => row !== undefined && go.open(row)),
    openTab: about(([row]) => row !== undefined && window.open(addressOf(row, drive.viewer), "_blank", "noopener")),
    filter: () => host().filter(),
    goToParent: () => go.folder(host().folder?.parentId ?? null),
    showPanel: go.panel,
    rewind: about(([row]) => go.rewind(row === undefined ? (host().folderId ?? "root") : folderOf(row))),
    showInFolder: about(([row]) => row !== undefined && go.folder(row.parentId ?? null)),
    keepOffline: (isKept: boolean) =>
      about(async (rows) => (await withWords(import("./keep-offline.ts"))).keepOffline(drive, rows, isKept))(),
    download: about(async (rows) => (await import("./download.ts")).download(drive, rows, folderName(host()))),
    mount: about(async (rows) => {
      const { mountAll } = await withWords(import("./mount-all.ts"));
      await mountAll(drive, rows, go.folder).finally(() => host().onDone(new Set()));
    }),
    askLeave: about((rows) => host().ask({ kind: "leave", rows })),
    copyLink: about(async ([row]) => {
      if (row === undefined) return;
      const { message } = messages();
      const toSharing = () => go.panel("sharing");
      await copyText(viewerLink(drive, row.id)).then(
        () =>
          showToast({ text: message("files.linkCopied"), act: { label: message("files.changeLink"), run: toSharing } }),
        (thrown: unknown) => {
          if (!(thrown instanceof CopyFailed)) throw thrown;
          toSharing();
          showToast({ text: message("files.linkNotCopied") });
        },
      );
    }),
    copyAddress: about(async ([row]) => {
      if (row === undefined) return;
      const address = `${serverAddress(drive)}/f/${row.id}`;
      await copyText(address).then(
        () => showToast({ text: messages().message("files.addressCopied") }),
        // The person can select the address in the toast.
        () => showToast({ text: address }),
      );
    }),
    upload: (kind: PickKind) => {
      const { folderId } = host();
      if (folderId !== undefined) pickUploads(kind, folderId);
    },
  };
}

function changingActs(parts: Parts) {
  const { drive, host, withSelected: about } = parts;
  const trashRows = (rows: readonly ListedRow[]) =>
    run(parts, stepsToTrash(subjectsOf(rows, host())), rows, (count) => messages().message("files.trashed", { count }));
  return {
    put: (...wanted: Parameters<PlaceActs["put"]>) => void put(parts, ...wanted),
    beginRename: about(([row]) => row !== undefined && host().beginRename(row.id)),
    rename: (row: ListedRow, name: string) => {
      const steps = subjectsOf([row], host()).map((subject) => stepToRename(subject, name));
      void run(parts, steps, [row], () => messages().message("files.renamed", { name }));
    },
    askMove: (kind: "move" | "copy") => about((rows) => host().ask({ kind, rows }))(),
    trashRows,
    trash: about(trashRows),
    restore: about((rows) =>
      run(parts, stepsToRestore(subjectsOf(rows, host())), rows, (count) =>
        messages().message("files.restored", { count }),
      ),
    ),
    askPurge: about((rows) => host().ask({ kind: "purge", rows })),
    // The list may reload during the question. Without a list, nothing was seen.
    askEmptyTrash: () => host().ask({ kind: "emptyTrash", seen: host().seen ?? { seen: 0, epoch: "" } }),
    star: (isStarred: boolean) =>
      about((rows) => star(drive, rows, (row) => parentOf(row, host()), isStarred, host().onStar))(),
    undo: () => undo(drive),
    redo: () => redo(drive),
  };
}

function makingActs({ drive, host }: Parts) {
  const make = async (step: Step) => {
    const { taken } = await act(drive, [step], new Map(), (_, [made]) =>
      messages().message("files.created", { name: made?.after.name ?? "" }),
    );
    const id = taken[0]?.after.id;
    if (id === undefined) return;
    host().focus(id);
    host().beginRename(id);
  };
  const inFolder = (stepIn: (parentId: string) => Step) => () => {
    const { folderId } = host();
    if (folderId !== undefined) void make({ ...stepIn(folderId), on_conflict: "rename" });
  };
  return {
    newFolder: inFolder((id) => ({ op: "mkdir", parent_id: id, name: messages().message("files.newFolder") })),
    newText: inFolder((id) => ({
      op: "put",
      parent_id: id,
      name: messages().message("files.untitled"),
      size: 0,
      blocks: [],
    })),
  };
}

function clipboardActs(parts: Parts) {
  const { host, withSelected: about } = parts;
  return {
    clip: (kind: "cut" | "copy") =>
      about((rows) => {
        const from = host().folderId;
        const clipped = rows.map((row): ListedRow => Object.assign({ parentId: from ?? null }, row));
        setClipboard({ kind, rows: clipped, from });
        announcer.say(messages().message(kind === "cut" ? "files.toCut" : "files.toCopy", { count: rows.length }));
      })(),
    paste: async () => {
      const [clip, { folder, folderId: id }] = [clipboard(), host()];
      if (clip === undefined || id === undefined) return;
      const kind = clip.kind === "cut" ? "move" : "copy";
      if (kind === "move") setClipboard(undefined);
      if (kind === "move" && clip.from === id) return;
      const isRefused = !(await put(parts, kind, clip.rows, { id, name: folder && folderName(host()) }));
      if (isRefused && kind === "move" && clipboard() === undefined) setClipboard(clip);
    },
  };
}

/** @returns false if all steps were refused */
async function put(parts: Parts, ...[kind, rows, to]: Parameters<PlaceActs["put"]>): Promise<boolean> {
  const subjects = subjectsOf(rows, parts.host());
  const steps = kind === "move" ? stepsToMove(subjects, to.id) : stepsToCopy(subjects, to.id);
  const done = kind === "move" ? "files.moved" : "files.copied";
  const words = (count: number, [first]: readonly Taken[], folder: string) =>
    messages().message(done, { count, name: shownName(first?.after.name ?? ""), folder });
  const account = parts.drive.account();
  const { taken } = await run(parts, steps, rows, words, to.name ?? loadName(parts, to.id));
  // Another account may have signed in.
  if (parts.drive.account() !== account) return true;
  if (taken.length === 0) return false;
  await import("../../../data/recent-folders.ts").then(
    ({ noteFolder }) => noteFolder(account, to.id),
    // Offline, the script may be missing, so the folder is not listed next time.
    () => {},
  );
  return true;
}

async function run(
  { drive, host }: Parts,
  steps: readonly Step[],
  rows: readonly ListedRow[],
  done: (count: number, taken: readonly Taken[], folder: string) => string,
  target?: string | Promise<string>,
): Promise<Outcome> {
  const subjects = subjectsOf(rows, host());
  const known = new Map(
    rows.flatMap((row, place) => {
      const subject = subjects[place];
      return subject === undefined ? [] : [[row.id, { subject, row }] as const];
    }),
  );
  const outcome = await act(drive, steps, known, done, target ?? folderName(host()));
  host().onDone(new Set(outcome.taken.map(({ after }) => after.id)));
  return outcome;
}

function subjectsOf(rows: readonly ListedRow[], host: ActsHost): Subject[] {
  return rows.map((row) => ({ id: row.id, name: row.name, parentId: parentOf(row, host), revision: row.revision }));
}

function parentOf(row: ListedRow, { folderId = "" }: ActsHost): string {
  return row.parentId ?? folderId;
}

/** The path of the shown folder, which is still loading. */
async function loadName({ drive, host }: Parts, id: string): Promise<string> {
  const nodes = await drive.queries.query(lineageQuery(drive.client, id)).catch(() => []);
  return nodes[0]?.name || folderName(host());
}

function folderName({ folder }: ActsHost): string {
  return folder?.name || messages().message("files.home");
}
