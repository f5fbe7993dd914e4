import type { FrameContent, FrameFacts } from "./frame-messages.ts";

/**
 * Browsers run no scripts, load nothing and allow no clicks in SVG images. This page could neither load nor store
 * anything anyway.
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
