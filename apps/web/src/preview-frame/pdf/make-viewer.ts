import { AnnotationEditorType, AnnotationMode, type PDFDocumentProxy } from "pdfjs-dist/legacy/build/pdf.mjs";
import { EventBus, FindState, PDFLinkService, type PDFPageView, PDFViewer } from "pdfjs-dist/legacy/web/pdf_viewer.mjs";
import { followLinks } from "../follow-links.ts";
import type { FrameAnswer, PdfFit, PdfOrder } from "../frame-messages.ts";
import { BoundedFind } from "./bounded-find.ts";

/** Limit of iOS. */
const canvasPixelsMax = 4096 * 4096;
/** Larger pages get a sharp canvas only for their visible part. About ten pages are drawn at a time. */
const canvasPercentOverScreenMax = 100;

export interface ShownPdf {
  /** Element that scrolls and gets the focus. */
  readonly place: HTMLElement;
  readonly viewer: PDFViewer;
  readonly obey: (order: PdfOrder) => void;
  /** Resolves when the pages are laid out. */
  readonly show: (pdf: PDFDocumentProxy) => Promise<void>;
}

/** Replaces the body, because the library measures its place. */
export function makeViewer(name: string, answer: (given: FrameAnswer) => void): ShownPdf {
  const pages = document.createElement("div");
  pages.className = "pdfViewer";
  const place = document.createElement("div");
  place.className = "pages";
  place.tabIndex = 0;
  place.role = "group";
  place.ariaLabel = name;
  place.append(pages);
  const root = document.createElement("main");
  root.className = "desk";
  root.id = deskId;
  root.append(place);
  document.body.replaceChildren(root);
  followLinks(place, (address) => answer({ state: "link", address }));
  const eventBus = new EventBus();
  // A link must not change the zoom, which the file could set to anything.
  const linkService = new LinksInDocument({ eventBus, ignoreDestinationZoom: true });
  const findController = new BoundedFind({ eventBus, linkService });
  const viewer = new PDFViewer({
    container: place,
    viewer: pages,
    eventBus,
    linkService,
    findController,
    removePageBorders: true,
    annotationMode: AnnotationMode.ENABLE,
    annotationEditorMode: AnnotationEditorType.DISABLE,
    maxCanvasPixels: canvasPixelsMax,
    capCanvasAreaFactor: canvasPercentOverScreenMax,
    // Searches text for addresses with a regular expression that crafted text can keep busy forever.
    enableAutoLinking: false,
    l10n: untranslated,
  });
  linkService.setViewer(viewer);
  report(viewer, answer);
  return {
    place,
    viewer,
    obey: (order) => obey(viewer, order),
    show: async (pdf) => {
      viewer.setDocument(pdf);
      linkService.setDocument(pdf);
      await (viewer.firstPagePromise as Promise<unknown>);
    },
  };
}

const deskId = "desk";

/** A link has an address that exists, and shows no internal names of the file. A click is handled by the library. */
class LinksInDocument extends PDFLinkService {
  override getDestinationHash(): string {
    return `#${deskId}`;
  }
}

/** The library's own words are only in English. */
const untranslated = { pause: () => {}, resume: () => {} } as unknown as NonNullable<
  ConstructorParameters<typeof PDFViewer>[0]["l10n"]
>;

const fits = ["width", "page"] as const satisfies readonly PdfFit[];
const scaleNames = { width: "page-width", page: "page-fit" } as const satisfies Record<PdfFit, string>;

interface Found {
  readonly state?: number;
  readonly matchesCount: { readonly current: number; readonly total: number };
}

function report(viewer: PDFViewer, answer: (given: FrameAnswer) => void): void {
  const { eventBus } = viewer;
  const sendView = () => {
    const fit = fitOf(viewer);
    const percent = Math.round(viewer.currentScale * 100);
    const view = { page: viewer.currentPageNumber, pagesCount: viewer.pagesCount, percent };
    answer({ state: "view", view: fit === undefined ? view : { ...view, fit } });
  };
  const sendMatches = ({ state, matchesCount: { current, total } }: Found) => {
    // The library counts the matches of a page after it has found the first one.
    const isPending = total === 0 && state !== FindState.NOT_FOUND;
    answer({ state: "matches", matches: { at: current, total, isPending } });
  };
  eventBus.on("pagesinit", () => {
    namePages(viewer);
    limitEachCanvas(viewer);
    viewer.currentScaleValue = "auto";
    addEventListener("resize", () => fitAgain(viewer));
    eventBus.on("pagechanging", sendView);
    eventBus.on("scalechanging", sendView);
    sendView();
  });
  eventBus.on("updatefindcontrolstate", sendMatches);
  eventBus.on("updatefindmatchescount", sendMatches);
}

/** Limit of the library for the scale "auto". Below it, the scale fits a high page's width, or all of a wide page. */
const autoScaleMax = 1.25;

function fitOf({ currentScaleValue, currentScale, viewer }: PDFViewer): PdfFit | undefined {
  if (currentScaleValue !== "auto") return fits.find((fit) => scaleNames[fit] === currentScaleValue);
  const { clientWidth = 0, clientHeight = 0 } = viewer?.firstElementChild ?? {};
  if (currentScale >= autoScaleMax) return undefined;
  return clientWidth > clientHeight ? "page" : "width";
}

function namePages({ viewer, container, pagesCount }: PDFViewer): void {
  for (const [index, page] of [...(viewer?.children ?? [])].entries()) page.ariaLabel = `${index + 1} / ${pagesCount}`;
  // This element makes the library copy the whole text by a clipboard API that the frame may not use.
  container.querySelector("#hiddenCopyElement")?.remove();
}

/** The library limits all canvases as if each page had the size of the first one. */
function limitEachCanvas(viewer: PDFViewer): void {
  for (let index = 0; index < viewer.pagesCount; index += 1) {
    const page = viewer.getPageView(index) as PDFPageView;
    const setPage = page.setPdfPage.bind(page);
    page.setPdfPage = (given: unknown) => {
      setPage(given);
      // Without this value, the library measures the page when it draws it.
      page.outputScale = undefined;
    };
  }
}

function fitAgain(viewer: PDFViewer): void {
  const scale = viewer.currentScaleValue;
  viewer.currentScaleValue = scale;
  viewer.update();
}

function obey(viewer: PDFViewer, order: PdfOrder): void {
  if ("page" in order) viewer.currentPageNumber = order.page;
  else if ("scroll" in order) viewer.container.scrollTop += order.scroll * viewer.container.clientHeight;
  else if ("zoom" in order) zoom(viewer, order.zoom);
  else if ("query" in order) {
    const { query, step } = order;
    viewer.eventBus.dispatch("find", {
      source: viewer,
      // Without a type, the search waits for more letters.
      type: step === "first" ? "" : "again",
      query,
      highlightAll: true,
      findPrevious: step === "previous",
      caseSensitive: false,
      entireWord: false,
      matchDiacritics: false,
    });
  }
}

export function zoom(viewer: PDFViewer, to: PdfFit | "in" | "out"): void {
  if (to === "in") viewer.increaseScale();
  else if (to === "out") viewer.decreaseScale();
  else viewer.currentScaleValue = scaleNames[to];
}
