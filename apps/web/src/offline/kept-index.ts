export interface KeptMark {
  readonly id: string;
  readonly kind: "file" | "folder";
  readonly name: string;
}

/** Stored in this browser, as of the server's last report. */
export interface KeptFile {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly mimeType: string | null;
  readonly contentId: string;
  readonly markId: string;
}

export interface KeptIndex {
  readonly marks: readonly KeptMark[];
  readonly files: readonly KeptFile[];
}

export const emptyIndex: KeptIndex = { marks: [], files: [] };

/** Invalid data or another release's yields an empty index, because everything can be fetched again. */
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
