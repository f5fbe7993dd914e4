import type { FrameAnswer, FrameContent, FrameFacts, FrameOrder, PdfAnswer } from "./frame-messages.ts";
import { readAnswer } from "./read-answer.ts";

export interface ShownFrame {
  /** Rejects with AbortError, or with an Error of the frame, to be displayed only as text. */
  readonly shown: Promise<FrameFacts>;
  readonly send: (order: FrameOrder) => void;
}

export interface FrameListeners {
  /** Called for each part of the file that is shown. */
  readonly onFacts?: (facts: FrameFacts) => void;
  readonly onLeft?: () => void;
  /** Called after a click in the frame. The address may be a lie, so the person must confirm it. */
  readonly onLink?: (address: string) => void;
  /** Reads bytes from `start` to before `end`. */
  readonly onRead?: (start: number, end: number) => Promise<ArrayBuffer>;
  readonly onPdf?: (answer: PdfAnswer) => void;
}

/** Malicious content may keep the frame busy forever. */
const patienceMs = 60_000;

/**
 * Sends the content to a loaded `<iframe sandbox="allow-scripts" src="/preview-frame">`.
 * @param signal aborts when the preview closes
 */
export function showInFrame(
  frame: HTMLIFrameElement,
  content: FrameContent,
  signal: AbortSignal,
  listeners: FrameListeners = {},
): ShownFrame {
  const { port1: own, port2: its } = new MessageChannel();
  const { promise: shown, resolve, reject } = Promise.withResolvers<FrameFacts>();
  let tooLate: ReturnType<typeof setTimeout> | undefined;
  const beginWait = () => {
    clearTimeout(tooLate);
    tooLate = setTimeout(() => reject(new Error("The preview took too long.")), patienceMs);
  };
  const send = (order: FrameOrder) => {
    if ("pdf" in order && "password" in order.pdf) beginWait();
    own.postMessage(order, []);
  };
  const hear = (answer: FrameAnswer) => {
    if (answer.state === "shown") {
      resolve(answer.facts);
      listeners.onFacts?.(answer.facts);
    } else if (answer.state === "failed") reject(new Error(answer.reason));
    else if (answer.state === "read") void hand(answer, listeners, send);
    else if (answer.state === "left" || answer.state === "link") hearInput(answer, frame, listeners);
    else {
      // Finding the password may take a person longer.
      if (answer.state === "password") clearTimeout(tooLate);
      if (answer.state !== "find" || isIn(frame)) listeners.onPdf?.(answer);
    }
  };
  beginWait();
  own.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    const answer = readAnswer(data);
    if (answer !== undefined) hear(answer);
  });
  const stop = () => {
    own.close();
    reject(signal.reason as Error);
  };
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  own.start();
  // An opaque origin has no name. The page's policy lets the frame navigate only within this server.
  frame.contentWindow?.postMessage("open", "*", [its]);
  own.postMessage(content, [content.bytes]);
  return { shown: shown.finally(() => clearTimeout(tooLate)), send };
}

type Input = Extract<FrameAnswer, { readonly state: "left" | "link" }>;

function hearInput(answer: Input, frame: HTMLIFrameElement, { onLeft, onLink }: FrameListeners): void {
  if (!isIn(frame)) return;
  if (answer.state === "left") onLeft?.();
  else if (navigator.userActivation.isActive) onLink?.(answer.address);
}

/** Input elsewhere is not input in the frame. */
function isIn(frame: HTMLIFrameElement): boolean {
  return document.activeElement === frame;
}

type Asked = Extract<FrameAnswer, { readonly state: "read" }>;

async function hand({ number, start, end }: Asked, { onRead }: FrameListeners, send: ShownFrame["send"]) {
  // The page knows the error; the frame must not.
  const bytes = await onRead?.(start, end).catch(() => undefined);
  send({ read: number, bytes });
}
