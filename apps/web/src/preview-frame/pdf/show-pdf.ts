import type { FrameFacts } from "./frame-messages.ts";
import { getDocument, type PDFDocumentProxy, type PDFPageProxy } from "pdfjs-dist";
// @ts-expect-error -- it has no types, and nothing here uses what is in it
import * as pdfWorker from "pdfjs-dist/build/pdf.worker.mjs";

// The frame cannot fetch a worker and is its own process anyway. pdf.js finds its worker code here.
const worker: unknown = pdfWorker;
Object.assign(globalThis, { pdfjsWorker: worker });

/** Larger images are not drawn. */
const imagePixelsMax = 64_000_000;
const pagesMax = 10_000;

/** A canvas per page near the view, with text for screen readers. Scripts, forms and links are inactive. */
export async function showPdf(bytes: ArrayBuffer): Promise<FrameFacts> {
  const pdf = await getDocument({
    data: new Uint8Array(bytes),
    enableXfa: false,
    isEvalSupported: false,
    useWasm: false,
    maxImageSize: imagePixelsMax,
    // Logs errors only.
    verbosity: 0,
  }).promise;
  const first = await pdf.getPage(1);
  const { width, height } = first.getViewport({ scale: 1 });
  const count = Math.min(pdf.numPages, pagesMax);
  const places = Array.from({ length: count }, (_, index) => makePlace(index + 1, count, width / height));
  const list = document.createElement("main");
  list.append(...places);
  document.body.replaceChildren(list);
  const observer = new IntersectionObserver((entries) => drawNear(pdf, entries), { rootMargin: "100% 0px" });
  for (const place of places) observer.observe(place);
  return {};
}

function makePlace(number: number, count: number, ratio: number): HTMLElement {
  const place = document.createElement("section");
  place.className = "page";
  place.ariaLabel = `${number} / ${count}`;
  place.dataset["number"] = String(number);
  place.style.aspectRatio = String(ratio);
  return place;
}

function drawNear(pdf: PDFDocumentProxy, entries: readonly IntersectionObserverEntry[]): void {
  for (const { isIntersecting, target } of entries) {
    const place = target as HTMLElement;
    // Frees memory.
    if (!isIntersecting) place.replaceChildren();
    else if (place.childElementCount === 0) void draw(pdf, place).catch((error: unknown) => tell(place, error));
  }
}

async function draw(pdf: PDFDocumentProxy, place: HTMLElement): Promise<void> {
  const canvas = document.createElement("canvas");
  canvas.ariaHidden = "true";
  const words = document.createElement("p");
  words.className = "words";
  place.replaceChildren(canvas, words);
  const page = await pdf.getPage(Number(place.dataset["number"]));
  const natural = page.getViewport({ scale: 1 });
  place.style.aspectRatio = String(natural.width / natural.height);
  const scale = (place.clientWidth * devicePixelRatio) / natural.width;
  const viewport = page.getViewport({ scale });
  canvas.width = Math.floor(viewport.width);
  canvas.height = Math.floor(viewport.height);
  await page.render({ canvas, viewport }).promise;
  words.textContent = await wordsOf(page);
}

async function wordsOf(page: PDFPageProxy): Promise<string> {
  const { items } = await page.getTextContent();
  return items.map((item) => ("str" in item ? item.str : "")).join(" ");
}

function tell(place: HTMLElement, error: unknown): void {
  place.textContent = error instanceof Error ? error.message : String(error);
}
