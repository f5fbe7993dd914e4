import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { fromField, type LineEnd, lineEndOf, toField } from "./line-ends.ts";

export const editedBytesMax = 5_000_000;

export interface TextFile {
  readonly node: NodeJson;
  /** Text with LF line endings. */
  readonly text: string;
  readonly lineEnd: LineEnd;
  readonly versionId: string;
}

/** Saving would change the file. binary: not UTF-8. mixed: several kinds of line endings. */
export class NoEditableText extends Error {
  readonly reason: "binary" | "mixed";

  constructor(reason: "binary" | "mixed") {
    super(`The file cannot be edited as text: ${reason}.`);
    this.reason = reason;
  }
}

/** @throws NoEditableText; HoldfastError too_large */
export async function readTextFile(client: ApiClient, node: NodeJson, signal?: AbortSignal): Promise<TextFile> {
  if (node.kind !== "file" || node.version_id === null) throw new NoEditableText("binary");
  if (node.size > editedBytesMax) throw new HoldfastError("too_large", "The file is too long to edit here.");
  return readVersion(client, node, node.version_id, signal);
}

export async function readVersion(
  client: ApiClient,
  node: NodeJson,
  versionId: string,
  signal?: AbortSignal,
): Promise<TextFile> {
  const query = { version: versionId };
  const pieces = await client.bytes("download", { params: { id: node.id }, query, signal }, editedBytesMax);
  const whole = decoded(new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer()));
  const lineEnd = lineEndOf(whole);
  if (lineEnd === undefined) throw new NoEditableText("mixed");
  return { node, text: toField(whole), lineEnd, versionId };
}

function decoded(bytes: Uint8Array): string {
  try {
    // Keeps a byte order mark.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Reported below.
  }
  throw new NoEditableText("binary");
}

/** @throws HoldfastError conflict if another version was saved in the meantime */
export async function saveText(
  client: ApiClient,
  { node, versionId, lineEnd }: TextFile,
  text: string,
): Promise<NodeJson> {
  return upload(client, { file_id: node.id, base_version: versionId }, fromField(text, lineEnd));
}

/** Saves in the same folder, or in the root folder if that accepts no files. */
export async function saveAsNew(client: ApiClient, { node, lineEnd }: TextFile, text: string): Promise<NodeJson> {
  const whole = fromField(text, lineEnd);
  const atTop = () => upload(client, { path: `/${node.name}`, on_conflict: "rename" }, whole);
  if (node.parent_id === null) return atTop();
  try {
    return await upload(client, { parent_id: node.parent_id, name: node.name, on_conflict: "rename" }, whole);
  } catch (thrown) {
    if (thrown instanceof HoldfastError && ["not_found", "forbidden", "trashed"].includes(thrown.code)) return atTop();
    throw thrown;
  }
}

interface UploadPlace {
  readonly file_id?: string;
  readonly base_version?: string;
  readonly parent_id?: string;
  readonly name?: string;
  readonly path?: string;
  readonly on_conflict?: "rename";
}

async function upload(client: ApiClient, place: UploadPlace, text: string): Promise<NodeJson> {
  const answer = await client.call("upload", {
    query: { uploadType: "media", ...place },
    bytes: { contentType: "application/octet-stream", pieces: [new TextEncoder().encode(text)] },
  });
  if (!("kind" in answer)) throw new HoldfastError("internal", "The server did not return a file.");
  return answer;
}
