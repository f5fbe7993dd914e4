// Comes first: the viewer reads this library from a global variable. The legacy builds run in all browsers that the
// app supports; the other builds need functions that only the newest browsers have.
import { getDocument, PasswordResponses } from "pdfjs-dist/legacy/build/pdf.mjs";
// @ts-expect-error -- it has no types, and nothing here uses what is in it
import * as pdfWorker from "pdfjs-dist/legacy/build/pdf.worker.mjs";
import scanDecoder from "pdfjs-dist/wasm/openjpeg_nowasm_fallback.js?url";
import type { FrameAnswer, FrameContent, FrameFacts, PdfOrder } from "../frame-messages.ts";
import { boundPages } from "./bound-pages.ts";
import { makeViewer } from "./make-viewer.ts";
import { watchInput } from "./watch-input.ts";

// The frame cannot fetch a worker and is its own process anyway. pdf.js finds its worker code here.
const worker: unknown = pdfWorker;
Object.assign(globalThis, { pdfjsWorker: worker });

/** Larger images are not drawn. */
const imagePixelsMax = 64_000_000;

interface PdfPorts {
  readonly answer: (given: FrameAnswer) => void;
  readonly onOrder: (listener: (order: PdfOrder) => void) => void;
}

/** Scripts and forms are inactive. The page around the frame has the controls. */
export async function showPdf({ name, bytes, words }: FrameContent, page: PdfPorts): Promise<FrameFacts> {
  const { answer, onOrder } = page;
  const loading = getDocument({
    data: new Uint8Array(bytes),
    enableXfa: false,
    isEvalSupported: false,
    // The frame's policy forbids WebAssembly. pdf.js has slower decoders in script, and loads that for JPEG 2000 from
    // this address, to which it appends a name. After the ? the name has no effect.
    useWasm: false,
    wasmUrl: `${scanDecoder}?/`,
    maxImageSize: imagePixelsMax,
    // Logs errors only.
    verbosity: 0,
  });
  loading.onPassword = (send: (password: string) => void, reason: number) => {
    onOrder((order) => {
      if ("password" in order) send(order.password);
    });
    answer({ state: "password", isWrong: reason === PasswordResponses.INCORRECT_PASSWORD });
  };
  const pdf = await loading.promise;
  const isCut = boundPages(pdf, words.link);
  // Fails if the file is damaged.
  await pdf.getPage(1);
  const viewer = makeViewer(name, answer);
  watchInput(viewer, answer);
  onOrder(viewer.obey);
  await viewer.show(pdf);
  return isCut ? { isCut } : {};
}
