import type { MessageKey } from "../../../messages/en.ts";
import type { Row } from "../../../data/row.ts";

/** Kinds of files, by use rather than by format. */
export type FileKind =
  | "folder"
  | "mount"
  | "link"
  | "image"
  | "video"
  | "audio"
  | "text"
  | "code"
  | "table"
  | "slides"
  | "pdf"
  | "document"
  | "archive"
  | "program"
  | "file";

const endings: Readonly<Partial<Record<FileKind, string>>> = {
  image: "jpg jpeg png gif webp avif heic heif svg bmp tif tiff raw cr2 nef psd ico",
  video: "mp4 mov mkv webm avi m4v mpg mpeg wmv",
  audio: "mp3 m4a flac ogg opus wav aac aiff wma",
  text: "txt md markdown log rtf",
  code: "js ts tsx jsx mjs py rb go rs c h cpp hpp java kt swift cs php sh html css scss json yaml yml toml xml sql",
  table: "csv tsv xls xlsx ods numbers",
  slides: "ppt pptx odp key",
  pdf: "pdf",
  document: "doc docx odt pages epub",
  archive: "zip tar gz tgz bz2 xz zst 7z rar",
  program: "exe msi dmg pkg deb rpm apk appimage jar iso",
};

const kindByEnding = new Map(
  Object.entries(endings).flatMap(([kind, words]) => words.split(" ").map((word) => [word, kind as FileKind])),
);

export function fileKind({ kind, name }: Pick<Row, "kind" | "name">): FileKind {
  if (kind === "folder" || kind === "mount") return kind;
  if (kind === "symlink") return "link";
  return kindByEnding.get(name.slice(name.lastIndexOf(".") + 1).toLowerCase()) ?? "file";
}

/** Shown by every browser. */
export function isPicture(row: Pick<Row, "kind" | "name" | "thumb">): boolean {
  return row.thumb !== undefined && fileKind(row) === "image";
}

export const kindWords = {
  folder: "files.kindFolder",
  mount: "files.kindMount",
  link: "files.kindLink",
  image: "files.kindImage",
  video: "files.kindVideo",
  audio: "files.kindAudio",
  text: "files.kindText",
  code: "files.kindCode",
  table: "files.kindTable",
  slides: "files.kindSlides",
  pdf: "files.kindPdf",
  document: "files.kindDocument",
  archive: "files.kindArchive",
  program: "files.kindProgram",
  file: "files.kindFile",
} as const satisfies Record<FileKind, MessageKey>;
