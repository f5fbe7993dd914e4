import type { WalkedEntry } from "../engine/job.ts";

/** Opens the browser's file dialog. @returns an empty list on cancel */
export function pickFiles(kind: "files" | "folder"): Promise<readonly File[]> {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.webkitdirectory = kind === "folder";
  return new Promise((resolve) => {
    input.addEventListener("change", () => resolve([...(input.files ?? [])]), { once: true });
    input.addEventListener("cancel", () => resolve([]), { once: true });
    input.click();
  });
}

/**
 * For a picked folder, browsers return only files. Folders are derived from the paths, and empty folders are missing.
 */
export function* entriesOfPicked(files: readonly File[]): Generator<WalkedEntry[], void, undefined> {
  for (let start = 0; start < files.length; start += 200) {
    yield files.slice(start, start + 200).map((file) => ({
      kind: "file" as const,
      path: file.webkitRelativePath === "" ? file.name : file.webkitRelativePath,
      file,
      mtimeMs: file.lastModified,
    }));
  }
}
