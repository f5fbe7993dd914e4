import { create } from "content-disposition";

/** `Content-Disposition` for a file of any name: ASCII for old clients, the exact name beside it (RFC 6266, RFC 8187). */
export function contentDisposition(name: string, type: "attachment" | "inline"): string {
  return create(name.toWellFormed(), { type });
}
