import { mimeTypeOf } from "../../tree/read/node-json.ts";
import { contentDisposition } from "../exchange/content-disposition.ts";

/** Types that browsers display without running code from them. SVG images can contain scripts. */
const inlineTypes = /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|audio\/[\w.+-]+|video\/[\w.+-]+)$/;

/**
 * Types that a page can load as a script, a worker, a style sheet or a document. The web app's policy allows scripts
 * and styles of its own origin. With `nosniff`, browsers load none from a response of another type.
 */
const activeTypes =
  /^(?:(?:text|application)\/(?:x-)?(?:java|ecma|j|live)script.*|text\/(?:css|html|cache-manifest|x-component)|application\/(?:wasm|manifest\+json)|.*[/+]xml)$/;

const plainBytes = "application/octet-stream";

/** Active types become plain bytes; clients find the real type in the node. */
function sentTypeOf(name: string): string {
  const type = mimeTypeOf(name);
  return activeTypes.test(type) ? plainBytes : type;
}

/** @param isSaved browsers save the content even if they could display it */
export function contentHeaders(name: string, isSaved: boolean) {
  const type = sentTypeOf(name);
  return {
    "content-type": type,
    "content-disposition": contentDisposition(name, isSaved || !inlineTypes.test(type) ? "attachment" : "inline"),
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
  };
}
