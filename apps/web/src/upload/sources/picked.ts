import type { WalkedEntry } from "../engine/job.ts";

/** Opens the browser's own dialog. @returns nothing if the person picks nothing */
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

/** Of a picked folder a browser gives the files alone; the folders are in their paths, and empty ones are not told of. */
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
