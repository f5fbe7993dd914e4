import { useParams } from "@tanstack/react-router";
import Download from "lucide-react/icons/download";
import FileUp from "lucide-react/icons/file-up";
import FolderPlus from "lucide-react/icons/folder-plus";
import FolderUp from "lucide-react/icons/folder-up";
import Upload from "lucide-react/icons/upload";
import { useDrive } from "../data/use-drive.ts";
import { useNode } from "../data/use-node.ts";
import { type ComponentProps, Suspense } from "react";
import { serverName } from "../browser/server-name.ts";
import { Button } from "../design/button.tsx";
import type { Icon as IconType } from "../design/icon.ts";
import { IconButton } from "../design/icon-button.tsx";
import { lazyPart } from "../design/lazy-part.ts";
import { MenuButton } from "../design/menu-button.tsx";
import { showToast } from "../design/toasts.ts";
import { problemWords } from "../messages/problem-words.ts";
import { useMessages, withWords } from "../messages/use-messages.ts";
import { type MainActs, onceMainActs } from "../features/files/acts/main-acts.ts";
import { useCurrentLink, useOpenedLink } from "./current-link.ts";
import { ReportButton } from "./report.tsx";

const FolderCount = lazyPart(async () => (await withWords(import("./folder-head.tsx"))).FolderCount);
const SaveToDrive = lazyPart(async () => (await withWords(import("./save-to-drive.tsx"))).SaveToDrive);
const SlideshowButton = lazyPart(async () => (await withWords(import("./folder-head.tsx"))).SlideshowButton);

export function LinkBar() {
  const { message, day } = useMessages();
  const { token } = useOpenedLink();
  const { node, owner_name: name, expires_at: ends, downloads_left: left, role } = useCurrentLink();
  const isFolder = node.kind !== "file" && role !== "uploader";
  const facts = [
    ...(ends === null ? [] : [message("link.until", { day: day(ends) })]),
    ...(left === null ? [] : [message("link.downloadsLeft", { count: left })]),
  ];
  return (
    <header className="flex min-h-14 shrink-0 flex-wrap items-center gap-2 px-4 py-2 lg:px-6">
      <span aria-hidden className="mark size-10 shrink-0" />
      <div className="min-w-32 flex-1">
        <p className="flex text-sm text-muted">
          <bdi className="truncate">{serverName}</bdi>
        </p>
        <p className="line-clamp-2 font-semibold">
          <bdi>{message(role === "uploader" ? "link.asks" : "link.from", { name })}</bdi>
        </p>
        {facts.length > 0 && <p className="line-clamp-2 text-sm text-muted">{facts.join(" · ")}</p>}
        {isFolder && (
          <Suspense fallback={null}>
            <FolderCount />
          </Suspense>
        )}
      </div>
      <div className="ms-auto flex items-center gap-2">
        {isFolder && (
          <Suspense fallback={null}>
            <SlideshowButton />
          </Suspense>
        )}
        {role === "editor" && <Adding />}
        {role !== "uploader" && (
          <Suspense fallback={null}>
            <SaveToDrive />
          </Suspense>
        )}
        {role !== "uploader" && <DownloadAll />}
        <ReportButton token={token} />
      </div>
    </header>
  );
}

function Adding() {
  const { message } = useMessages();
  const { node } = useCurrentLink();
  if (node.kind === "file") return null;
  const run = (act: keyof MainActs) => () => onceMainActs((acts) => acts[act]());
  const items = () => [
    { label: message("shell.uploadFiles"), Icon: FileUp, run: run("uploadFiles") },
    { label: message("shell.uploadFolder"), Icon: FolderUp, run: run("uploadFolder") },
  ];
  return (
    <>
      <IconButton label={message("shell.newFolder")} Icon={FolderPlus} onClick={run("newFolder")} />
      <MenuButton label={message("shell.upload")} items={items}>
        <Wide label={message("shell.upload")} Icon={Upload} />
      </MenuButton>
    </>
  );
}

/** The open folder as a zip, or the file. */
function DownloadAll() {
  const words = useMessages();
  const { client, viewer } = useDrive();
  const { node: top } = useCurrentLink();
  const { id = top.id } = useParams({ strict: false });
  const { data: node = top } = useNode(id);
  const isFile = top.kind === "file";
  const save = () => {
    const name = node.name || words.message("files.home");
    const wanted = isFile
      ? ({ id: top.id, use: "download" } as const)
      : ({ ids: [node.id], use: "zip", name: `${name}.zip` } as const);
    viewer
      .save(client, wanted)
      .catch((thrown: unknown) => showToast({ kind: "error", text: problemWords(thrown, words) }));
  };
  return (
    <Wide
      kind="primary"
      label={words.message(isFile ? "link.download" : "link.downloadAll")}
      Icon={Download}
      onClick={save}
    />
  );
}

interface WideProps extends Omit<ComponentProps<typeof Button>, "children" | "Icon"> {
  readonly label: string;
  readonly Icon: IconType;
}

/** Hides the label on a small screen. */
function Wide({ label, Icon, ...rest }: WideProps) {
  return (
    <Button {...rest} data-tooltip={label}>
      <span className="flex items-center gap-2">
        <Icon aria-hidden size={16} className="shrink-0" />
        <span className="max-sm:sr-only">{label}</span>
      </span>
    </Button>
  );
}
