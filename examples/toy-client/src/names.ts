const bytesOf = (text: string): number => Buffer.byteLength(text);

/** Key for comparing paths. The server treats names with the same normal form as equal. */
export const keyOf = (path: string): string => path.normalize("NFC");
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
export const inFolder = (folder: string, name: string): string => (folder === "" ? name : `${folder}/${name}`);

/** Returns true for a valid name. Nodes with other names, here or on the server, are not synced. */
export function isName(name: string): boolean {
  return !["", ".", "..", ".holdfast"].includes(name) && bytesOf(name) <= 255 && !/[/\p{Cc}\uFFFD]/u.test(name);
}

const labels = / \((?:[^()]*'s conflicted copy \d{4}-\d\d-\d\d(?: \d+)?|(?:Unicode|case) conflict(?: \d+)?)\)$/u;
export const isCopyName = (name: string): boolean => labels.test(split(name)[0]);

/**
 * Returns the first free `STEM (LABEL).EXT`.
 * @param device undefined: the other file has the same name in another Unicode form
 */
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
