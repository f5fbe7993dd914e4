/** See also `mayHaveThumb`, which decides by name. */
export type PictureType = "jpeg" | "png" | "webp" | "gif" | "avif" | "pdf";

export const typeBytes = 32;

/** Detects the type from the first bytes, regardless of the name. Other types never reach a decoder. */
export function pictureTypeOf(head: Uint8Array): PictureType | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, typeBytes));
  const text = bytes.toString("latin1");
  if (text.startsWith("\xff\xd8\xff")) return "jpeg";
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "png";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "webp";
  if (text.startsWith("GIF87a") || text.startsWith("GIF89a")) return "gif";
  if (text.slice(4, 8) === "ftyp" && /^(?:avif|avis|mif1|miaf)$/.test(text.slice(8, 12))) return "avif";
  // Some programs write a byte order mark or line breaks first.
  if (/^(?:\xef\xbb\xbf|\s)*%PDF-/.test(text)) return "pdf";
  return undefined;
}
