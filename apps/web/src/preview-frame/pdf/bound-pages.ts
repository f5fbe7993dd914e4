import type { PDFDocumentProxy, PDFPageProxy } from "pdfjs-dist/legacy/build/pdf.mjs";
import { outsideAddress } from "../outside-address.ts";

const pagesMax = 10_000;
const linksMax = 2000;

/** Fields that pdf.js reads from the file. */
interface Annotation {
  readonly subtype?: unknown;
  readonly url?: unknown;
  readonly dest?: unknown;
  /** Name of a movement, such as `NextPage`. */
  readonly action?: unknown;
  /** Areas of a link, if it has several. */
  readonly quadPoints?: unknown;
  readonly overlaidText?: unknown;
  readonly borderStyle?: unknown;
}

/**
 * Limits pages and links, whose numbers the file can state freely.
 * @param linkName name of a link without text
 * @returns true if pages are missing
 */
export function boundPages(pdf: PDFDocumentProxy, linkName: string): boolean {
  const isCut = pdf.numPages > pagesMax;
  if (isCut) {
    Object.defineProperty(pdf, "numPages", { value: pagesMax });
    pdf.pagesMapper.pagesNumber = pagesMax;
  }
  const getPage = pdf.getPage.bind(pdf);
  pdf.getPage = async (number) => keepLinks(await getPage(number), linkName);
  return isCut;
}

/** Notes, attachments and form fields are only drawn, as the file shows them on paper. */
function keepLinks(page: PDFPageProxy, linkName: string): PDFPageProxy {
  // The library returns the same page each time.
  if (Object.hasOwn(page, "getAnnotations")) return page;
  const read = page.getAnnotations.bind(page);
  page.getAnnotations = async (asked) => {
    const found = (await read(asked)) as readonly Annotation[];
    const links = found.filter(isLink).slice(0, linksMax);
    return links.map((link) => dress(link, linkName));
  };
  return page;
}

function dress(link: Annotation, linkName: string): Annotation {
  const { overlaidText, quadPoints } = link;
  return {
    ...link,
    overlaidText: typeof overlaidText === "string" && overlaidText !== "" ? overlaidText : linkName,
    // The library would draw these borders with an image that the frame's policy forbids.
    ...(quadPoints == null ? {} : { borderStyle: { width: 0 } }),
  };
}

function isLink({ subtype, url, dest, action }: Annotation): boolean {
  if (subtype !== "Link") return false;
  return url == null ? dest != null || action != null : outsideAddress(url) !== undefined;
}
