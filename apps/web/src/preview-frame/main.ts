import "./frame.css";
import type {
  FrameAnswer,
  FrameContent,
  FrameFacts,
  FrameKind,
  FrameLook,
  FrameOrder,
  PdfOrder,
} from "./frame-messages.ts";
import { askBytes, type ReadRange } from "./zip/asked-bytes.ts";

// Opaque origin without network access, because the content may be malicious.

addEventListener("message", begin);

/** The first message contains the only port to the page. */
function begin({ source, ports: [port] }: MessageEvent): void {
  if (source !== parent || port === undefined) return;
  removeEventListener("message", begin);
  const answer = (given: FrameAnswer) => port.postMessage(given);
  const asked = askBytes((number, start, end) => answer({ state: "read", number, start, end }));
  let obey: (order: PdfOrder) => void = () => {};
  const page: Page = { answer, read: asked.read, onOrder: (listener) => void (obey = listener) };
  let shown: FrameContent | undefined;
  let turn = Promise.resolve();
  port.addEventListener("message", ({ data }: MessageEvent<FrameContent | FrameOrder>) => {
    if ("read" in data) asked.take(data.read, data.bytes);
    else if ("pdf" in data) obey(data.pdf);
    else if ("wraps" in data) document.documentElement.classList.toggle("whole-lines", !data.wraps);
    else {
      shown = "kind" in data ? data : shown && { ...shown, bytes: new TextEncoder().encode(data.text).buffer };
      const latest = shown;
      // A slow first render could otherwise replace a newer text.
      turn = turn.then(() => (latest !== undefined && latest === shown ? show(latest, page) : undefined));
    }
  });
  port.start();
  // Key presses do not reach the page.
  addEventListener("keydown", ({ key, defaultPrevented }) => {
    if (key === "Escape" && !defaultPrevented) answer({ state: "left" });
  });
}

interface Page {
  readonly answer: (given: FrameAnswer) => void;
  readonly read: ReadRange;
  /** Replaces the listener. */
  readonly onOrder: (listener: (order: PdfOrder) => void) => void;
}

async function show(content: FrameContent, page: Page): Promise<void> {
  dress(content.look);
  try {
    page.answer({ state: "shown", facts: await showers[content.kind](content, page) });
  } catch (error) {
    page.answer({ state: "failed", reason: error instanceof Error ? error.message : String(error) });
  }
}

function dress({ theme, locale }: FrameLook): void {
  const { documentElement: root } = document;
  root.lang = locale;
  if (theme !== undefined) root.dataset["theme"] = theme;
}

type Shower = (content: FrameContent, page: Page) => Promise<FrameFacts>;

const showers: Readonly<Record<FrameKind, Shower>> = {
  text: async (content) => (await import("./code/show-text.ts")).showText(content),
  markdown: async (content, { answer }) => {
    const { showMarkdown } = await import("./markdown/show-markdown.ts");
    return showMarkdown(content, (address) => answer({ state: "link", address }));
  },
  table: async (content) => (await import("./table/show-table.ts")).showTable(content),
  picture: async (content) => (await import("./show-picture.ts")).showPicture(content),
  pdf: async (content, page) => (await import("./pdf/show-pdf.ts")).showPdf(content, page),
  document: async (content, { answer }) => {
    const { showDocument } = await import("./office/show-document.ts");
    return showDocument(content, (address) => answer({ state: "link", address }));
  },
  workbook: async (content, { answer }) => {
    const { showWorkbook } = await import("./office/show-workbook.ts");
    return showWorkbook(content, (facts) => answer({ state: "shown", facts }));
  },
  zip: async (content, { read }) => (await import("./zip/show-zip.ts")).showZip(content, read),
};
