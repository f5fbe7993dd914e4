import type { MessageKey } from "./en.ts";
import type { Messages } from "./messages.ts";

type Kind = Extract<MessageKey, `type.${string}`> extends `type.${infer Each}` ? Each : never;

/** `Format: endings`. Without a colon, each ending is the name of its format. */
const formats: Readonly<Partial<Record<Exclude<Kind, "plain" | "other">, string>>> = {
  image:
    "JPEG: jpg jpeg jfif; WebP: webp; TIFF: tif tiff; HEIC: heic heif; Photoshop: psd; Icon: ico; Raw: raw cr2 cr3 nef arw dng orf rw2; png gif avif svg bmp",
  video: "MPEG: mpg mpeg; QuickTime: mov; Matroska: mkv; WebM: webm; MPEG-4: mp4 m4v; avi wmv",
  audio: "MPEG-4: m4a; Ogg: ogg oga; Opus: opus; AIFF: aif aiff; mp3 flac wav aac wma",
  document: "Word: doc docx docm dot dotx; OpenDocument: odt ott; Pages: pages; HTML: htm html; pdf rtf epub",
  text: "Markdown: md markdown; LaTeX: tex; CSV: csv; TSV: tsv",
  code: "JavaScript: js mjs cjs jsx; TypeScript: ts mts cts tsx; Python: py; Ruby: rb; Go: go; Rust: rs; C: c h; C++: cc cpp cxx hpp; C#: cs; Java: java; Kotlin: kt; Swift: swift; Shell: sh bash zsh fish; CSS: css scss less; PHP: php; Perl: pl; Lua: lua",
  table: "Excel: xls xlsx xlsm xlsb; OpenDocument: ods ots; Numbers: numbers",
  slides: "PowerPoint: ppt pptx pptm pps ppsx; OpenDocument: odp otp",
  archive: "Zip: zip; Gzip: gz tgz; Bzip2: bz2 tbz; XZ: xz txz; Zstandard: zst; 7-Zip: 7z; rar tar",
};

interface Type {
  readonly key: `type.${Exclude<Kind, "plain">}`;
  readonly format: string;
}

const byEnding = new Map<string, Type>();
for (const [kind, all] of Object.entries(formats)) {
  for (const part of all.split("; ")) {
    const [format, endings = ""] = part.includes(": ") ? part.split(": ") : ["", part];
    for (const ending of endings.split(" ")) {
      const name = format === "" || format === undefined ? ending.toUpperCase() : format;
      byEnding.set(ending, { key: `type.${kind as keyof typeof formats}`, format: name });
    }
  }
}

/** Endings that stand for media types, for files whose names have no known ending. */
const endingByType = new Map([
  ["image/svg+xml", "svg"],
  ["text/markdown", "md"],
  ["text/html", "html"],
  ["text/csv", "csv"],
  ["text/javascript", "js"],
  ["application/msword", "doc"],
  ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"],
  ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"],
  ["application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"],
  ["application/vnd.ms-excel", "xls"],
  ["application/vnd.ms-powerpoint", "ppt"],
  ["application/gzip", "gz"],
  ["audio/mpeg", "mp3"],
  ["video/quicktime", "mov"],
]);

/** Names the type of a file for people: "Word document", "JPEG image". @param mimeType media type, if known */
export function fileTypeWords(
  { name, mimeType }: { readonly name: string; readonly mimeType: string | null },
  { message }: Pick<Messages, "message">,
): string {
  const ending = /[^.]\.(\w{1,10})$/.exec(name)?.[1]?.toLowerCase() ?? "";
  const subtype = mimeType?.split("/")[1] ?? "";
  const type = byEnding.get(ending) ?? byEnding.get(endingByType.get(mimeType ?? "") ?? subtype);
  if (type !== undefined) return message(type.key, { format: type.format });
  if (ending === "txt" || mimeType === "text/plain") return message("type.plain");
  if (ending !== "") return message("type.other", { format: ending.toUpperCase() });
  return message("details.file");
}
