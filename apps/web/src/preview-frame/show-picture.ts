import type { FrameContent, FrameFacts } from "./frame-messages.ts";

/**
 * A drawing in SVG as a picture: there no script of it runs, nothing is loaded and nothing can be pressed, by the rules of every browser, and
 * it is in a page that could neither load nor keep anything.
 */
export async function showPicture({ name, bytes }: FrameContent): Promise<FrameFacts> {
  const picture = document.createElement("img");
  picture.alt = name;
  picture.src = URL.createObjectURL(new Blob([bytes], { type: "image/svg+xml" }));
  await picture.decode();
  const root = document.createElement("main");
  root.className = "picture";
  root.append(picture);
  document.body.replaceChildren(root);
  return {};
}
