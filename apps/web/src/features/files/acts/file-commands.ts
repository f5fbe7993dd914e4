import ArrowUp from "lucide-react/icons/arrow-up";
import AtSign from "lucide-react/icons/at-sign";
import ClipboardCopy from "lucide-react/icons/clipboard-copy";
import ClipboardPaste from "lucide-react/icons/clipboard-paste";
import Copy from "lucide-react/icons/copy";
import Download from "lucide-react/icons/download";
import ExternalLink from "lucide-react/icons/external-link";
import FilePlus from "lucide-react/icons/file-plus";
import FolderInput from "lucide-react/icons/folder-input";
import FolderOpen from "lucide-react/icons/folder-open";
import FolderPlus from "lucide-react/icons/folder-plus";
import FolderUp from "lucide-react/icons/folder-up";
import History from "lucide-react/icons/history";
import CloudOff from "lucide-react/icons/cloud-off";
import Info from "lucide-react/icons/info";
import Link from "lucide-react/icons/link";
import ListFilter from "lucide-react/icons/list-filter";
import LogOut from "lucide-react/icons/log-out";
import Pencil from "lucide-react/icons/pencil";
import Redo from "lucide-react/icons/redo-2";
import RotateCcw from "lucide-react/icons/rotate-ccw";
import Scissors from "lucide-react/icons/scissors";
import Star from "lucide-react/icons/star";
import StarOff from "lucide-react/icons/star-off";
import Trash from "lucide-react/icons/trash-2";
import Undo from "lucide-react/icons/undo-2";
import Upload from "lucide-react/icons/upload";
import UserPlus from "lucide-react/icons/user-plus";
import type { Command } from "../../../commands/command.ts";
import type { CommandMenu } from "../../../commands/command-menu.ts";
import { wishFocus } from "../../../design/focus-wish.ts";
import { type FilesContext, isKept, isMarked, mayAdd, mayChange, mayKeep, only } from "./files-context.ts";
import { isFolder, type ListedRow } from "../rows/row-source.ts";

type FileCommand = Command<FilesContext>;
const both = <Chords extends readonly string[]>(...chords: Chords) => ({ pc: chords, mac: chords });

const some = ({ count, place }: FilesContext) => count > 0 && place !== "trash";
/** Visitors of a link have neither an account nor contacts. */
const ofAccount = ({ viewer }: FilesContext) => viewer === "account";
const copyable = (context: FilesContext) => some(context) && (ofAccount(context) || mayAdd(context));
const shareable = (context: FilesContext) => {
  const role = context.place === "trash" ? undefined : only(context)?.role;
  return ofAccount(context) && (role === "owner" || role === "editor");
};
const mayMount = ({ kind, role, received }: ListedRow) =>
  received?.isMounted === false && kind === "folder" && role !== "uploader";
/** Renaming and moving rows of other lists would change folders that are not shown. */
const inFolder = ({ place, isOpened }: FilesContext) => place === "folder" || isOpened === true;
const changeable = (context: FilesContext) => some(context) && context.rows.every(mayChange);
/** The selected folder, else the shown one. Only owners may rewind. */
const mayRewind = (context: FilesContext) => {
  const row = only(context);
  const folder = context.count === 0 ? context.folder : row;
  const isFile = row !== undefined && !isFolder(row);
  return ofAccount(context) && context.place !== "trash" && folder?.role === "owner" && !isFile;
};

/** In the order of the palette and the list of shortcuts. */
export const fileCommands = {
  open: {
    id: "open",
    message: "files.open",
    icon: FolderOpen,
    keys: both("Enter"),
    when: (context) => context.place !== "trash" && only(context) !== undefined,
    run: ({ acts }) => acts.open(),
  },
  openTab: {
    id: "open-tab",
    message: "files.openTab",
    icon: ExternalLink,
    when: (context) => context.place !== "trash" && only(context) !== undefined,
    run: ({ acts }) => acts.openTab(),
  },
  download: {
    id: "download",
    message: "files.download",
    icon: Download,
    when: some,
    run: ({ acts }) => acts.download(),
  },
  keepOffline: {
    id: "keep-offline",
    message: "files.keepOffline",
    icon: CloudOff,
    when: (context) =>
      ofAccount(context) &&
      some(context) &&
      context.rows.every(mayKeep) &&
      !context.rows.every((row) => isKept(context, row)),
    run: ({ acts }) => acts.keepOffline(true),
  },
  dropOffline: {
    id: "drop-offline",
    message: "files.dropOffline",
    icon: CloudOff,
    when: (context) => some(context) && context.rows.every((row) => isMarked(context, row)),
    run: ({ acts }) => acts.keepOffline(false),
  },
  share: {
    id: "share",
    message: "files.share",
    icon: UserPlus,
    when: shareable,
    run: ({ acts }) => {
      acts.showPanel("sharing");
      wishFocus("people");
    },
  },
  copyLink: {
    id: "copy-link",
    message: "files.copyLink",
    icon: Link,
    when: shareable,
    run: ({ acts }) => acts.copyLink(),
  },
  copyAddress: {
    id: "copy-address",
    message: "files.copyAddress",
    icon: AtSign,
    when: (context) => ofAccount(context) && context.place !== "trash" && only(context) !== undefined,
    run: ({ acts }) => acts.copyAddress(),
  },
  rename: {
    id: "rename",
    message: "files.rename",
    icon: Pencil,
    keys: both("F2"),
    when: (context) => inFolder(context) && context.count === 1 && changeable(context),
    run: ({ acts }) => acts.beginRename(),
  },
  move: {
    id: "move",
    message: "files.move",
    icon: FolderInput,
    when: (context) => inFolder(context) && changeable(context),
    run: ({ acts }) => acts.askMove("move"),
  },
  copyTo: {
    id: "copy-to",
    message: "files.copyTo",
    icon: Copy,
    when: copyable,
    run: ({ acts }) => acts.askMove("copy"),
  },
  cut: {
    id: "cut",
    message: "files.cut",
    icon: Scissors,
    keys: both("Mod+X"),
    isForKeys: true,
    when: (context) => context.place === "folder" && changeable(context),
    run: ({ acts }) => acts.clip("cut"),
  },
  copy: {
    id: "copy",
    message: "files.copy",
    icon: ClipboardCopy,
    keys: both("Mod+C"),
    isForKeys: true,
    when: copyable,
    run: ({ acts }) => acts.clip("copy"),
  },
  star: {
    id: "star",
    message: "files.star",
    icon: Star,
    when: (context) => ofAccount(context) && some(context) && context.rows.some(({ isStarred }) => !isStarred),
    run: ({ acts }) => acts.star(true),
  },
  unstar: {
    id: "unstar",
    message: "files.unstar",
    icon: StarOff,
    when: (context) => ofAccount(context) && some(context) && context.rows.every(({ isStarred }) => isStarred),
    run: ({ acts }) => acts.star(false),
  },
  versions: {
    id: "versions",
    message: "files.versions",
    icon: History,
    when: (context) => ofAccount(context) && context.place !== "trash" && only(context)?.kind === "file",
    run: ({ acts }) => acts.showPanel("versions"),
  },
  rewind: {
    id: "rewind",
    message: "files.rewind",
    icon: History,
    when: mayRewind,
    run: ({ acts }) => acts.rewind(),
  },
  details: {
    id: "details",
    message: "files.details",
    icon: Info,
    keys: both("Alt+Enter"),
    when: (context) => ofAccount(context) && context.place !== "trash" && only(context) !== undefined,
    run: ({ acts }) => acts.showPanel("details"),
  },
  showInFolder: {
    id: "show-in-folder",
    message: "files.showInFolder",
    icon: FolderOpen,
    when: (context) => (context.place === "list" || context.place === "shared") && only(context) !== undefined,
    run: ({ acts }) => acts.showInFolder(),
  },
  mount: {
    id: "mount",
    message: "files.mount",
    icon: FolderPlus,
    when: (context) => some(context) && context.rows.every(mayMount),
    run: ({ acts }) => acts.mount(),
  },
  leave: {
    id: "leave",
    message: "files.leave",
    icon: LogOut,
    isDanger: true,
    when: (context) => some(context) && context.rows.every(({ received }) => received?.isDirect === true),
    run: ({ acts }) => acts.askLeave(),
  },
  trash: {
    id: "trash",
    message: "files.trash",
    icon: Trash,
    keys: { pc: ["Delete"], mac: ["Mod+Backspace", "Delete"] },
    isDanger: true,
    when: (context) => context.place !== "shared" && changeable(context),
    run: ({ acts }) => acts.trash(),
  },
  restore: {
    id: "restore",
    message: "files.restore",
    icon: RotateCcw,
    keys: both("Enter"),
    when: ({ place, count }) => place === "trash" && count > 0,
    run: ({ acts }) => acts.restore(),
  },
  purge: {
    id: "purge",
    message: "files.purge",
    icon: Trash,
    keys: { pc: ["Delete"], mac: ["Mod+Backspace", "Delete"] },
    isDanger: true,
    when: ({ place, count, rows }) => place === "trash" && count > 0 && rows.every(({ role }) => role === "owner"),
    run: ({ acts }) => acts.askPurge(),
  },
} as const satisfies Record<string, FileCommand>;

export const placeCommands = {
  newFolder: {
    id: "new-folder",
    message: "files.newFolder",
    icon: FolderPlus,
    when: mayAdd,
    run: ({ acts }) => acts.newFolder(),
  },
  newText: {
    id: "new-text",
    message: "files.newText",
    icon: FilePlus,
    when: mayAdd,
    run: ({ acts }) => acts.newText(),
  },
  upload: {
    id: "upload",
    message: "files.upload",
    icon: Upload,
    when: mayAdd,
    run: ({ acts }) => acts.upload("files"),
  },
  uploadFolder: {
    id: "upload-folder",
    message: "files.uploadFolder",
    icon: FolderUp,
    when: mayAdd,
    run: ({ acts }) => acts.upload("folder"),
  },
  paste: {
    id: "paste",
    message: "files.paste",
    icon: ClipboardPaste,
    keys: both("Mod+V"),
    when: (context) => mayAdd(context) && context.clipboard !== undefined,
    run: ({ acts }) => acts.paste(),
  },
  parent: {
    id: "parent",
    message: "files.parent",
    icon: ArrowUp,
    keys: { pc: ["Alt+ArrowUp"], mac: ["Mod+ArrowUp"] },
    when: ({ folder }) => folder !== undefined && folder.parentId !== null,
    run: ({ acts }) => acts.goToParent(),
  },
  undo: {
    id: "undo",
    message: "files.undo",
    icon: Undo,
    keys: both("Mod+Z"),
    when: ({ canUndo }) => canUndo,
    run: ({ acts }) => acts.undo(),
  },
  redo: {
    id: "redo",
    message: "files.redo",
    icon: Redo,
    keys: both("Mod+Shift+Z"),
    when: ({ canRedo }) => canRedo,
    run: ({ acts }) => acts.redo(),
  },
  filter: {
    id: "filter",
    message: "files.filter",
    icon: ListFilter,
    when: ({ hasRows }) => hasRows,
    run: ({ acts }) => acts.filter(),
  },
  emptyTrash: {
    id: "empty-trash",
    message: "files.emptyTrashAct",
    icon: Trash,
    isDanger: true,
    when: ({ place, count }) => place === "trash" && count === 0,
    run: ({ acts }) => acts.askEmptyTrash(),
  },
} as const satisfies Record<string, FileCommand>;

export const allCommands: readonly FileCommand[] = [...Object.values(fileCommands), ...Object.values(placeCommands)];

/** Short enough for every window: at most ten entries in three groups. Rare commands are in a submenu. */
export const fileMenu: CommandMenu<FilesContext> = {
  groups: [
    [fileCommands.open, fileCommands.download, fileCommands.share, fileCommands.copyLink, fileCommands.mount],
    [
      fileCommands.rename,
      fileCommands.move,
      fileCommands.star,
      fileCommands.unstar,
      fileCommands.showInFolder,
      fileCommands.details,
    ],
    [fileCommands.restore, fileCommands.trash, fileCommands.leave, fileCommands.purge],
  ],
  more: [
    [fileCommands.openTab, fileCommands.versions, fileCommands.rewind, fileCommands.copyAddress],
    [fileCommands.copyTo, fileCommands.cut, fileCommands.copy],
    [fileCommands.keepOffline, fileCommands.dropOffline],
  ],
};

export const placeMenu: CommandMenu<FilesContext> = {
  groups: [
    [placeCommands.newFolder, placeCommands.newText, placeCommands.upload, placeCommands.uploadFolder],
    [placeCommands.paste, placeCommands.undo, placeCommands.redo],
    [placeCommands.filter, fileCommands.rewind, placeCommands.emptyTrash],
  ],
};

/** Shown as far as they fit. The rest is in a menu. */
export const barCommands: readonly FileCommand[] = [
  fileCommands.share,
  fileCommands.copyLink,
  fileCommands.mount,
  fileCommands.download,
  fileCommands.restore,
  fileCommands.move,
  fileCommands.rename,
  fileCommands.star,
  fileCommands.unstar,
  fileCommands.trash,
  fileCommands.leave,
  fileCommands.purge,
];
