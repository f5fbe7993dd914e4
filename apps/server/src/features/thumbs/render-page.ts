import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createCanvas } from "@napi-rs/canvas";
import { limits } from "@holdfast/core/limits";
import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";

interface RenderedPage {
  /** RGBA. */
  readonly pixels: Buffer;
  readonly width: number;
  readonly height: number;
}

const library = dirname(createRequire(import.meta.url).resolve("pdfjs-dist/package.json"));
const folder = (name: string) => `${join(library, name)}/`;

/**
 * Renders the first page of a PDF on white, in the size of its thumbnail. Scripts do not run,
 * and nothing that the file refers to is loaded.
 * @param edge width or height in pixels, whichever is larger
 * @throws errors of the library, also for a PDF with a password
 */
export async function renderFirstPage(pdf: Uint8Array, edge: number): Promise<RenderedPage> {
  const loading = getDocument({
    // The library rejects a Buffer.
    data: new Uint8Array(pdf.buffer, pdf.byteOffset, pdf.byteLength),
    disableFontFace: true,
    useSystemFonts: false,
    enableXfa: false,
    isEvalSupported: false,
    maxImageSize: limits.thumbPageImagePixelsMax,
    verbosity: 0,
    cMapUrl: folder("cmaps"),
    iccUrl: folder("iccs"),
    standardFontDataUrl: folder("standard_fonts"),
    wasmUrl: folder("wasm"),
  });
  try {
    const page = await (await loading.promise).getPage(1);
    const { width, height } = page.getViewport({ scale: 1 });
    const viewport = page.getViewport({ scale: edge / Math.max(width, height) });
    const canvas = createCanvas(Math.max(1, Math.round(viewport.width)), Math.max(1, Math.round(viewport.height)));
    await page.render({ canvas, viewport, background: "#fff" }).promise;
    return { pixels: canvas.data(), width: canvas.width, height: canvas.height };
  } finally {
    await loading.destroy();
  }
}
