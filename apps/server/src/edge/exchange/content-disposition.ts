import { create } from "content-disposition";

/** Contains an ASCII name for old clients and the exact name (RFC 6266, RFC 8187). */
export function contentDisposition(name: string, type: "attachment" | "inline"): string {
  return create(name.toWellFormed(), { type });
}
