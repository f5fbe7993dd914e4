import type { PlainKey } from "../../messages/messages.ts";

const endings = {
  "preview.withDocuments": "doc dot odt ott rtf pages wpd",
  "preview.withTables": "xls xlsb ods ots numbers",
  "preview.withSlides": "ppt pptx pptm pps ppsx odp otp key",
  "preview.withBooks": "epub mobi azw azw3 fb2 cbz cbr",
  "preview.withArchives": "7z rar tar gz tgz bz2 tbz xz txz zst lz4 lzma cab",
  "preview.withDisks": "iso img dmg vhd vhdx vmdk qcow2",
  "preview.withPictures": "heic heif tif tiff psd psb xcf raw cr2 cr3 nef arw dng orf rw2 ai eps indd sketch fig jxl",
  "preview.withDrawings": "dwg dxf step stp stl obj blend skp fbx gltf glb 3mf",
  "preview.withFonts": "ttf otf woff woff2",
  "preview.withDatabases": "sqlite sqlite3 db mdb accdb kdbx",
  "preview.withSystem": "exe msi bat com apk ipa deb rpm appimage pkg jar run",
} as const satisfies Partial<Record<PlainKey, string>>;

const byEnding = new Map(
  Object.entries(endings).flatMap(([key, words]) => words.split(" ").map((word) => [word, key as PlainKey] as const)),
);

/** Hint which program opens the file. */
export function openedWith(name: string): PlainKey {
  return byEnding.get(name.slice(name.lastIndexOf(".") + 1).toLowerCase()) ?? "preview.noneNext";
}
