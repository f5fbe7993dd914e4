import { create } from "content-disposition";

/** Returns `Content-Disposition` with an ASCII name for old clients and the exact name (RFC 6266, RFC 8187). */
export function contentDisposition(name: string, type: "attachment" | "inline"): string {
  return create(name.toWellFormed(), { type });
}
