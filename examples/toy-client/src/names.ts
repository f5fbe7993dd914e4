const bytesOf = (text: string): number => Buffer.byteLength(text);

/** Two names of one form are one to the server: paths are compared so. */
export const keyOf = (path: string): string => path.normalize("NFC");
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
export const inFolder = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);

/** Whether a node can be called so; what else there is of a name, here or on the server, is passed over. */
export function isName(name: string): boolean {
  return !["", ".", "..", ".holdfast"].includes(name) && bytesOf(name) <= 255 && !/[/\p{Cc}\uFFFD]/u.test(name);
}

const labels = / \((?:[^()]*'s conflicted copy \d{4}-\d\d-\d\d(?: \d+)?|(?:Unicode|case) conflict(?: \d+)?)\)$/u;
export const isCopyName = (name: string): boolean => labels.test(split(name)[0]);

/** `STEM (LABEL).EXT`, the first that is free: of who gives way, or with no device of a second form of one name. */
export function conflictedName(name: string, device: string | undefined, isFree: (name: string) => boolean): string {
  const [stem, extension] = split(name);
  const owner = cut((device ?? "").replaceAll(/[()/\\\p{C}]/gu, "-"), 60);
  const day = new Date().toISOString().slice(0, 10);
  const label = device === undefined ? "Unicode conflict" : `${owner}'s conflicted copy ${day}`;
  for (let number = 1; ; number += 1) {
    const suffix = ` (${label}${number === 1 ? "" : ` ${number}`})${extension}`;
    const candidate = cut(stem.replace(labels, "") || stem, 255 - bytesOf(suffix)) + suffix;
    if (isFree(candidate)) return candidate;
  }
}

function split(name: string): [stem: string, extension: string] {
  const dot = name.lastIndexOf(".");
  return dot > 0 && bytesOf(name.slice(dot)) < 128 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
}

function cut(text: string, bytesMax: number): string {
  const characters = Array.from(text);
  while (bytesOf(characters.join("")) > bytesMax) characters.pop();
  return characters.join("");
}
