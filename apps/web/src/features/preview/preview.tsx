import type { NodeJson } from "@holdfast/protocol/values";
import { Link, useNavigate } from "@tanstack/react-router";
import ChevronLeft from "lucide-react/icons/chevron-left";
import ChevronRight from "lucide-react/icons/chevron-right";
import Ellipsis from "lucide-react/icons/ellipsis";
import { type KeyboardEvent, type ReactNode, Suspense, useEffect, useRef } from "react";
import { type CommandMenu, commandMenu, platform, shownChord } from "../../commands/command-menu.ts";
import { type Command, offered, pressedCommand } from "../../commands/command.ts";
import { lazyPart } from "../../design/lazy-part.ts";
import { useAway } from "../../data/use-away.ts";
import { useDrive } from "../../data/use-drive.ts";
import { useKept } from "../../data/use-kept.ts";
import { useNode } from "../../data/use-node.ts";
import { Button, buttonLook } from "../../design/button.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import { MenuButton } from "../../design/menu-button.tsx";
import { Failure } from "../../design/notice.tsx";
import { showToast } from "../../design/toasts.ts";
import { bareLook, ViewerLayer } from "../../design/viewer-layer.tsx";
import type { Messages } from "../../messages/messages.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages, withWords } from "../../messages/use-messages.ts";
import type { KeptFile } from "../../offline/kept-index.ts";
import { Filmstrip } from "./filmstrip.tsx";
import { FrameView } from "./frame-view.tsx";
import { ImageView } from "./image-view.tsx";
import { MediaView } from "./media-view.tsx";
import { NoPreview } from "./no-preview.tsx";
import { PdfView } from "./pdf-view.tsx";
import { usePreviewCommands } from "./preview-commands.ts";
import { groundOf, isText, type PreviewKind, previewKind } from "./preview-kind.ts";
import { endSlideshow } from "./slideshow.ts";
import { TrashedFile } from "./trashed-file.tsx";
import { useSlideshow } from "./use-slideshow.ts";
import { ZipView } from "./zip-view.tsx";

const KeptView = lazyPart(async () => (await withWords(import("./kept-view.tsx"))).KeptView);

interface ListedFile {
  /** Known before the file has loaded. */
  readonly name: string | undefined;
  readonly previousId?: string | undefined;
  readonly nextId?: string | undefined;
  /** Position among the files of the list. */
  readonly at?: number | undefined;
  readonly count?: number;
  /** The list has not loaded to its end. */
  readonly hasMore?: boolean;
  readonly menu: Menu;
  /** Commands with keys, but without menu items. */
  readonly keys: readonly Command<unknown>[];
  readonly nameField: ReactNode;
}

interface PreviewProps {
  readonly id: string;
  readonly version: number | undefined;
  readonly file: ListedFile;
  readonly details?: ReactNode;
  readonly onGo: (id: string) => void;
  /** Absent without details. */
  readonly onDetails?: (() => void) | undefined;
  readonly onClose: () => void;
}

export function Preview({ id, version, file, details, onGo, onDetails, onClose }: PreviewProps) {
  const { client, viewer } = useDrive();
  const words = useMessages();
  const navigate = useNavigate();
  const { data: node, error, refetch } = useNode(id);
  const keptFile = useKeptFile(version === undefined ? id : undefined);
  const ground = useGround(node, keptFile);
  const save = () =>
    void viewer
      .save(client, { id, version, use: "download" })
      .catch((thrown: unknown) => showToast({ text: problemWords(thrown, words), kind: "error" }));
  const isTrashed = keptFile === undefined && error === null && typeof node?.trashed_at === "string";
  const isImage = node !== undefined && previewKind(node) === "image" && keptFile === undefined && !viewer.isCounted;
  // Stays while the next file loads.
  const canFilm = version === undefined && keptFile === undefined && !viewer.isCounted;
  const show = useSlideshow(id, isImage && version === undefined, onGo);
  const own = usePreviewCommands({
    // The editor would open the current version.
    canEdit:
      version === undefined &&
      viewer.kind === "account" &&
      node !== undefined &&
      isText(previewKind(node)) &&
      mayEdit(node),
    canPrint: isImage,
    edit: () => void navigate({ to: "/edit/$id", params: { id } }),
    save,
    showDetails: onDetails,
  });
  const menu = menuOf(own, show.commands, file.menu);
  const commands = commandsOf(menu);
  const name = keptFile?.name ?? file.name ?? node?.name ?? "";
  return (
    <ViewerLayer
      title={name}
      note={
        version === undefined
          ? positionOf(file, words)
          : words.message("details.versionNumber", { number: String(version) })
      }
      titleField={file.nameField}
      acts={show.isOn ? <SlideshowActs commands={show.commands} /> : <Acts id={id} name={name} menu={menu} />}
      aside={details}
      onKeyDown={(event) => press(event, file, [...commands, ...file.keys], onGo)}
      onEscape={show.isOn ? endSlideshow : undefined}
      isDark={show.isOn}
      isBare={show.isBare}
      onClose={onClose}
    >
      <Stage ground={ground} isBare={show.isBare} file={file} onGo={onGo}>
        {keptFile !== undefined && (
          <Suspense fallback={null}>
            <KeptView key={id} file={keptFile} />
          </Suspense>
        )}
        {keptFile === undefined && error !== null && (
          <div className="m-auto">
            <Failure
              title={problemWords(error, words)}
              acts={<Button onClick={() => void refetch()}>{words.message("shell.tryAgain")}</Button>}
            />
          </div>
        )}
        {isTrashed && <TrashedFile {...file} onGo={onGo} onClose={onClose} />}
        {keptFile === undefined && error === null && node !== undefined && !isTrashed && (
          <ShownFile key={`${id} ${version ?? ""}`} node={node} version={version} onClose={onClose} onDownload={save} />
        )}
        {canFilm && !show.isOn && <Filmstrip id={id} onGo={onGo} />}
      </Stage>
    </ViewerLayer>
  );
}

type Menu = Required<CommandMenu<unknown>>;
type Commands = readonly Command<unknown>[];

/** Three groups as in the list, with the deletion last. */
function menuOf(own: ReturnType<typeof usePreviewCommands>, show: Commands, { groups, more }: Menu): Menu {
  const [first = [], second = [], last = []] = groups;
  const offer = (group: Commands) => offered<unknown>(group, undefined);
  return {
    groups: [[own.edit, own.download, ...first], [...second, own.details], last].map(offer),
    more: [...more, [own.print, ...show, own.fullScreen]].map(offer),
  };
}

function commandsOf({ groups, more }: Menu): Commands {
  return [...groups, ...more].flat();
}

interface ActsProps {
  readonly id: string;
  readonly name: string;
  readonly menu: Menu;
}

/** Buttons without room are in the menu, which has all commands. */
function Acts({ id, name, menu }: ActsProps) {
  const { message } = useMessages();
  const commands = commandsOf(menu);
  const find = (...ids: readonly string[]) => commands.find((command) => ids.includes(command.id));
  return (
    <>
      <div className="hidden items-center gap-1 sm:flex">
        {find("edit") !== undefined && (
          <Link to="/edit/$id" params={{ id }} className={buttonLook("secondary")}>
            {message("preview.edit")}
          </Link>
        )}
        <CommandButton command={find("slideshow")} />
        <CommandButton command={find("star", "unstar")} />
        <CommandButton command={find("share")} />
      </div>
      <CommandButton command={find("download")} />
      <div className="hidden sm:flex">
        <CommandButton command={find("details")} />
      </div>
      <MenuButton label={name} items={() => commandMenu(menu, undefined)}>
        <IconButton label={message("files.actions")} Icon={Ellipsis} />
      </MenuButton>
    </>
  );
}

/** No other buttons, so that a phone has room, and no menu, to which the focus would return. */
function SlideshowActs({ commands }: { readonly commands: readonly Command<unknown>[] }) {
  return commands.toReversed().map((command) => <CommandButton key={command.id} command={command} />);
}

function CommandButton({ command }: { readonly command: Command<unknown> | undefined }) {
  const { message } = useMessages();
  if (command === undefined) return null;
  const chord = command.keys?.[platform]?.[0];
  return (
    <IconButton
      label={message(command.message)}
      keys={chord && shownChord(chord)}
      Icon={command.icon}
      onClick={() => void command.run(undefined)}
    />
  );
}

function press(
  event: KeyboardEvent,
  { previousId, nextId }: ListedFile,
  commands: readonly Command<unknown>[],
  onGo: (id: string) => void,
): void {
  if (event.defaultPrevented || isElsewhere(event)) return;
  const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey;
  if (isPlain && event.key === (isRtl() ? "ArrowLeft" : "ArrowRight") && nextId !== undefined) onGo(nextId);
  if (isPlain && event.key === (isRtl() ? "ArrowRight" : "ArrowLeft") && previousId !== undefined) onGo(previousId);
  const { target } = event;
  const isInDetails = target instanceof Element && target.closest("aside") !== null;
  // Space presses a button.
  if (event.key === " " && target instanceof Element && target.closest("button, a") !== null) return;
  // Holding Delete must not trash one file after the other.
  const command =
    isInDetails || event.repeat ? undefined : pressedCommand(commands, event.nativeEvent, platform, undefined);
  if (command === undefined) return;
  event.preventDefault();
  void command.run(undefined);
}

/** Players and fields use these keys. React also passes on events of dialogs and menus above. */
function isElsewhere({ currentTarget, target }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  return !currentTarget.contains(target) || target.closest("video, audio, textarea, input, select") !== null;
}

function positionOf({ at, count, hasMore }: ListedFile, { message, number }: Messages): string | undefined {
  if (at === undefined || count === undefined) return undefined;
  return message("preview.position", { at, total: `${number(count)}${hasMore === true ? "+" : ""}` });
}

interface ShownFileProps {
  readonly node: NodeJson;
  readonly version?: number | undefined;
  /** Absent if there is no page to return to. */
  readonly onClose?: () => void;
  readonly onDownload: () => void;
}

/** Shows a file as far as it is safe in a browser. */
export function ShownFile(props: ShownFileProps) {
  const { viewer } = useDrive();
  if (viewer.isCounted) return <CountedFile />;
  const kind = previewKind(props.node);
  return (
    <div className={`flex min-h-0 min-w-0 flex-1 ${groundOf(kind)}`}>
      <Content {...props} kind={kind} />
    </div>
  );
}

function Content({
  kind,
  node,
  version,
  onClose = () => {},
  onDownload,
}: ShownFileProps & { readonly kind: PreviewKind }) {
  // The state of these views belongs to the version that is shown.
  if (kind === "image") return <ImageView node={node} version={version} />;
  if (kind === "video" || kind === "audio") return <MediaView node={node} version={version} kind={kind} />;
  if (kind === "pdf") return <PdfView key={node.version_id} node={node} version={version} onLeft={onClose} />;
  if (kind === "zip") return <ZipView node={node} version={version} onLeft={onClose} />;
  if (kind === "none") return <NoPreview node={node} onDownload={onDownload} />;
  return <FrameView key={node.version_id} node={node} version={version} kind={kind} onLeft={onClose} />;
}

/** A preview would count as a download. */
function CountedFile() {
  const { message } = useMessages();
  return (
    <div className="m-auto max-w-prose p-6 text-center text-muted">
      <p className="text-lg font-semibold text-text">{message("preview.counted")}</p>
      <p>{message("preview.countedNext")}</p>
    </div>
  );
}

interface StageProps {
  readonly ground: Ground;
  /** Without buttons. */
  readonly isBare: boolean;
  readonly file: ListedFile;
  readonly onGo: (id: string) => void;
  readonly children: ReactNode;
}

/** The buttons for the neighboring files have the same place for all kinds: at the sides, on a phone below. */
function Stage({ ground, isBare, file: { previousId, nextId }, onGo, children }: StageProps) {
  const { message } = useMessages();
  const look = `${stepLook} ${isBare ? bareLook : ""}`;
  const hasSteps = previousId !== undefined || nextId !== undefined;
  // A picture has its zoom buttons below, and may be under the buttons at the sides.
  const room = hasSteps && !ground.isPicture ? "max-sm:pb-14 sm:px-14" : "";
  return (
    <div className={`flex min-h-0 min-w-0 flex-1 flex-col ${room} ${ground.look}`}>
      {children}
      {previousId !== undefined && (
        <div className={`start-2 ${look}`}>
          <IconButton
            label={message("preview.previous")}
            keys={isRtl() ? "→" : "←"}
            Icon={ChevronLeft}
            onClick={() => onGo(previousId)}
          />
        </div>
      )}
      {nextId !== undefined && (
        <div className={`end-2 ${look}`}>
          <IconButton
            label={message("preview.next")}
            keys={isRtl() ? "←" : "→"}
            Icon={ChevronRight}
            onClick={() => onGo(nextId)}
          />
        </div>
      )}
    </div>
  );
}

const stepLook =
  "absolute h-fit rounded-full bg-raised shadow-card transition-opacity max-sm:bottom-1.5 sm:inset-y-0 sm:my-auto rtl:[&_svg]:rotate-180";

interface Ground {
  readonly look: string;
  readonly isPicture: boolean;
}

/** Stays until the next file has loaded, so that a row of pictures does not flash. */
function useGround(node: NodeJson | undefined, kept: KeptFile | undefined): Ground {
  const { viewer } = useDrive();
  const last = useRef<PreviewKind>("none");
  if (kept !== undefined) {
    const { name, mimeType: mime_type, sizeBytes: size } = kept;
    last.current = previewKind({ kind: "file", name, mime_type, size });
  } else if (node !== undefined) last.current = previewKind(node);
  if (viewer.isCounted) return { look: "", isPicture: false };
  return { look: groundOf(last.current), isPicture: last.current === "image" && kept === undefined };
}

function isRtl(): boolean {
  return document.documentElement.dir === "rtl";
}

/** Used while the server is unreachable. */
function useKeptFile(id: string | undefined) {
  const { kept } = useDrive();
  const isAway = useAway();
  const { files } = useKept();
  useEffect(() => {
    if (isAway) kept.open().catch(() => {});
  }, [kept, isAway]);
  return isAway ? files.find((file) => file.id === id) : undefined;
}

function mayEdit({ role }: NodeJson): boolean {
  return role === "owner" || role === "editor";
}
