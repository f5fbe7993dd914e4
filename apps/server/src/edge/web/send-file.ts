import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { HoldfastError } from "@holdfast/core/errors";
import { acceptsEncoding } from "../exchange/accepted-encoding.ts";
import { readEntityTags } from "../exchange/conditions.ts";
import type { AnswerHeaders, RequestContext } from "../exchange/handler.ts";
import type { AppFile, Ending } from "./built-app.ts";

export type FileAnswer =
  | { readonly status: 200; readonly headers: AnswerHeaders; readonly bytes: Readable | Uint8Array | string }
  | { readonly status: 304; readonly headers: AnswerHeaders };

/** Sends a file of the app in an accepted encoding, or 304. @throws HoldfastError not_found */
export async function sendFile(
  { headers, head }: Pick<RequestContext, "headers" | "head">,
  file: AppFile,
  of: AnswerHeaders,
): Promise<FileAnswer> {
  const packing = choosePacking(file, headers["accept-encoding"]);
  const common = { ...of, etag: `"${file.tag}${packing.ending}"`, vary: "accept-encoding" };
  const known = readEntityTags("If-None-Match", headers["if-none-match"]);
  // Compares the content, whatever its encoding was.
  if (known === "*" || known?.some((tag) => tag.replace(/\.(?:br|gz)$/, "") === file.tag) === true) {
    return { status: 304, headers: common };
  }
  const answered = {
    ...common,
    "content-type": file.type,
    "content-length": packing.sizeBytes,
    "content-encoding": packing.encoding,
  };
  const read = async () => file.held?.[packing.ending] ?? (await openFile(file.path + packing.ending));
  return { status: 200, headers: answered, bytes: head ? "" : await read() };
}

interface Packing {
  readonly ending: Ending;
  readonly encoding: "br" | "gzip" | undefined;
  readonly sizeBytes: number;
}

function choosePacking({ br, gz, sizeBytes }: AppFile, accepted: string | undefined): Packing {
  if (br !== undefined && acceptsEncoding(accepted, "br")) return { ending: ".br", encoding: "br", sizeBytes: br };
  if (gz !== undefined && acceptsEncoding(accepted, "gzip")) return { ending: ".gz", encoding: "gzip", sizeBytes: gz };
  return { ending: "", encoding: undefined, sizeBytes };
}

async function openFile(path: string): Promise<Readable> {
  try {
    return (await open(path)).createReadStream({ highWaterMark: 64 * 1024 });
  } catch (error) {
    throw new HoldfastError("not_found", "This file of the web app no longer exists. Reload the page.", {
      cause: error,
    });
  }
}
