import type { PDFDocumentProxy, PDFPageProxy } from "pdfjs-dist/legacy/build/pdf.mjs";
import { PDFFindController } from "pdfjs-dist/legacy/web/pdf_viewer.mjs";

/** Characters of the document and of one page that are searched. */
const charactersMax = 20_000_000;
const pageCharactersMax = 200_000;
/** Marked on one page. */
const matchesMax = 1000;

interface TextItem {
  readonly str: string;
}

interface TextPart {
  readonly items: readonly TextItem[];
}

/** A small file can contain very much text. */
export class BoundedFind extends PDFFindController {
  override setDocument(pdf: PDFDocumentProxy): void {
    super.setDocument(boundText(pdf));
  }

  override match(query: string | string[], pageContent: string, pageIndex: number) {
    return super.match(query, pageContent, pageIndex)?.slice(0, matchesMax);
  }
}

/** @returns the only part of a document that a search uses */
function boundText(pdf: PDFDocumentProxy): PDFDocumentProxy {
  let left = charactersMax;
  const getTextContent = async (page: PDFPageProxy) => {
    const read = await readText(page, Math.min(left, pageCharactersMax));
    left -= read.characters;
    return read;
  };
  const getPage = async (number: number) => {
    const page = await pdf.getPage(number);
    return { getTextContent: () => getTextContent(page) };
  };
  return { getPage } as unknown as PDFDocumentProxy;
}

async function readText(page: PDFPageProxy, wanted: number) {
  const items: TextItem[] = [];
  let characters = 0;
  if (wanted <= 0) return { items, characters };
  // The same text as in the layer whose words are marked.
  const stream = page.streamTextContent({ disableNormalization: true }) as ReadableStream<TextPart>;
  const reader = stream.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    for (const item of part.value.items) {
      items.push(item);
      // An empty item may be a new line.
      characters += item.str.length + 1;
    }
    if (characters >= wanted) {
      await reader.cancel(new Error("The text is too long."));
      break;
    }
  }
  return { items, characters };
}
