import { followLinks } from "../follow-links.ts";
import type { FrameContent, FrameFacts } from "../frame-messages.ts";
import type { Picture } from "./document-model.ts";
import { type OfficePackage, openPackage } from "./office-package.ts";
import { readDocument } from "./read-document.ts";
import { renderDocument } from "./render-document.ts";

/** @param onLink called on a click on an external link */
export async function showDocument(
  { name, bytes }: FrameContent,
  onLink: (address: string) => void,
): Promise<FrameFacts> {
  const pack = await openPackage(bytes);
  const content = await readDocument(pack);
  const pictures: [HTMLImageElement, Picture][] = [];
  const root = document.createElement("main");
  root.className = "document";
  root.tabIndex = 0;
  root.ariaLabel = name;
  if (content.language !== undefined) root.lang = content.language;
  root.append(...renderDocument(content, (image, picture) => pictures.push([image, picture])));
  followLinks(root, onLink);
  document.body.replaceChildren(root);
  void fillPictures(pack, pictures);
  return content.isCut ? { isCut: true } : {};
}

/** Browsers cannot show `.emf` and `.wmf`. */
const pictureTypes: ReadonlyMap<string, string> = new Map([
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["gif", "image/gif"],
  ["bmp", "image/bmp"],
  ["webp", "image/webp"],
  ["svg", "image/svg+xml"],
]);

/** One after the other, so that the text is shown without waiting for them. */
async function fillPictures(
  pack: OfficePackage,
  pictures: readonly (readonly [HTMLImageElement, Picture])[],
): Promise<void> {
  const addresses = new Map<string, string | undefined>();
  for (const [image, { path, alt }] of pictures) {
    if (path !== undefined && !addresses.has(path)) addresses.set(path, await addressOf(pack, path));
    const address = path === undefined ? undefined : addresses.get(path);
    image.addEventListener("error", () => image.replaceWith(makeMissing(alt)));
    if (address === undefined) image.replaceWith(makeMissing(alt));
    else image.src = address;
  }
}

/** @returns undefined if the picture is missing, damaged, too large or of an unknown format */
async function addressOf(pack: OfficePackage, path: string): Promise<string | undefined> {
  const type = pictureTypes.get(path.slice(path.lastIndexOf(".") + 1).toLowerCase());
  const bytes = type === undefined ? undefined : await pack.bytes(path).catch(() => undefined);
  if (type === undefined || bytes === undefined) return undefined;
  return URL.createObjectURL(new Blob([bytes], { type }));
}

function makeMissing(alt: string): HTMLElement {
  const missing = document.createElement("span");
  missing.className = "image";
  missing.role = "img";
  missing.ariaLabel = alt === "" ? "–" : alt;
  missing.textContent = missing.ariaLabel;
  return missing;
}
