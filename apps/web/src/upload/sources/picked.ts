import type { PickKind } from "../../commands/uploads.ts";
import type { WalkedEntry } from "../engine/job.ts";
import { photoName } from "./photo-name.ts";

/** @returns empty on cancel */
export function pickFiles(kind: PickKind): Promise<readonly File[]> {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = kind !== "photo";
  input.webkitdirectory = kind === "folder";
  if (kind === "photo") {
    input.accept = "image/*";
    // Opens the camera of a phone. Other devices ask for a picture.
    input.setAttribute("capture", "environment");
  }
  return new Promise((resolve) => {
    input.addEventListener(
      "change",
      () => {
        const files = [...(input.files ?? [])];
        resolve(kind === "photo" ? files.map(named) : files);
      },
      { once: true },
    );
    input.addEventListener("cancel", () => resolve([]), { once: true });
    input.click();
  });
}

function named(photo: File): File {
  const { type, lastModified } = photo;
  return new File([photo], photoName(photo.name, new Date(lastModified)), { type, lastModified });
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
