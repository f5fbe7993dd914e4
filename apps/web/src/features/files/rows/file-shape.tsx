import Archive from "lucide-react/icons/file-archive";
import Audio from "lucide-react/icons/file-music";
import Code from "lucide-react/icons/file-code";
import Document from "lucide-react/icons/file-text";
import File from "lucide-react/icons/file";
import Folder from "lucide-react/icons/folder";
import FolderUser from "lucide-react/icons/folder-symlink";
import Image from "lucide-react/icons/file-image";
import Link from "lucide-react/icons/file-symlink";
import Program from "lucide-react/icons/file-cog";
import Slides from "lucide-react/icons/file-chart-pie";
import Table from "lucide-react/icons/file-spreadsheet";
import Text from "lucide-react/icons/file-type";
import Video from "lucide-react/icons/file-video-camera";
import { type ComponentType, useState } from "react";
import { useMessages } from "../../../messages/use-messages.ts";
import { type FileKind, fileKind, kindWords } from "./file-kind.ts";

const shapes: Readonly<Record<FileKind, ComponentType<{ size?: number; className?: string }>>> = {
  folder: Folder,
  mount: FolderUser,
  link: Link,
  image: Image,
  video: Video,
  audio: Audio,
  text: Text,
  code: Code,
  table: Table,
  slides: Slides,
  pdf: Document,
  document: Document,
  archive: Archive,
  program: Program,
  file: File,
};

/** The icon and its name distinguish kinds without color too. */
const colors: Readonly<Partial<Record<FileKind, string>>> = {
  folder: "fill-selected text-accent",
  mount: "fill-selected text-accent",
  image: "text-kind-image",
  video: "text-kind-video",
  audio: "text-kind-audio",
  table: "text-kind-table",
  slides: "text-kind-slides",
  pdf: "text-kind-pdf",
  document: "text-kind-document",
};

/** Thumbnail, or the icon of the file's kind. */
export function FileShape({
  row,
  thumb,
  isLarge = false,
}: {
  readonly row: Parameters<typeof fileKind>[0];
  readonly thumb: string | undefined;
  readonly isLarge?: boolean;
}) {
  const { message } = useMessages();
  const [failed, setFailed] = useState<string>();
  const kind = fileKind(row);
  const label = message(kindWords[kind]);
  if (thumb !== undefined && thumb !== failed) {
    return (
      <img
        src={thumb}
        alt={label}
        draggable={false}
        decoding="async"
        onError={() => setFailed(thumb)}
        className={`shrink-0 rounded-md bg-hover object-cover ${kind === "image" ? "" : "border border-line object-left-top"} ${isLarge ? "size-full" : "size-6 pointer-coarse:size-9"}`}
      />
    );
  }
  const Shape = shapes[kind];
  return (
    <span
      role="img"
      aria-label={label}
      className={`flex shrink-0 items-center justify-center ${isLarge ? "size-full" : "size-6 pointer-coarse:size-9"}`}
    >
      <Shape size={isLarge ? 48 : 20} className={colors[kind] ?? "text-muted"} />
    </span>
  );
}
