import type { WalkedEntry } from "../engine/job.ts";

/** @returns empty on cancel */
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

/** Browsers return only files of a folder. Empty folders are missing. */
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
