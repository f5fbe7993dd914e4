/** What somebody wants to have without the server. */
export interface KeptMark {
  readonly id: string;
  readonly kind: "file" | "folder";
  readonly name: string;
}

/** A file whose bytes are in this browser, as they were when the server told of it last. */
export interface KeptFile {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly mimeType: string | null;
  /** Names its bytes. */
  readonly contentId: string;
  /** The id of the mark for which it is here. */
  readonly markId: string;
}

/** All that is kept for one account. */
export interface KeptIndex {
  readonly marks: readonly KeptMark[];
  readonly files: readonly KeptFile[];
}

export const emptyIndex: KeptIndex = { marks: [], files: [] };

/** Of what was written here, by this release or another. What is no index is an empty one: all of it can be had again. */
export function readIndex(text: string): KeptIndex {
  try {
    const { marks, files } = JSON.parse(text) as Partial<KeptIndex>;
    if (!Array.isArray(marks) || !Array.isArray(files)) return emptyIndex;
    return { marks: marks.filter(isMark), files: files.filter(isFile) };
  } catch {
    return emptyIndex;
  }
}

function isMark(value: unknown): value is KeptMark {
  const { id, kind, name } = (value ?? {}) as Partial<KeptMark>;
  return typeof id === "string" && (kind === "file" || kind === "folder") && typeof name === "string";
}

function isFile(value: unknown): value is KeptFile {
  const { id, name, path, sizeBytes, mimeType, contentId, markId } = (value ?? {}) as Partial<KeptFile>;
  const texts = [id, name, path, contentId, markId];
  return (
    texts.every((text) => typeof text === "string") &&
    typeof sizeBytes === "number" &&
    (mimeType === null || typeof mimeType === "string")
  );
}
