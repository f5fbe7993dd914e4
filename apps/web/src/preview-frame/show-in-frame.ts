import type { FrameAnswer, FrameContent, FrameFacts, FrameOrder } from "./frame-messages.ts";
import { readAnswer } from "./read-answer.ts";

export interface ShownFrame {
  /** Rejects with Error, whose message comes from the frame and may only be displayed as text, or with AbortError. */
  readonly shown: Promise<FrameFacts>;
  readonly tell: (order: FrameOrder) => void;
}

/** Callbacks for messages that may come at any time. */
export interface FrameListeners {
  /** Called when Escape is pressed in the frame. */
  readonly onLeft?: () => void;
  /**
   * Called after a click in the frame with the address that the frame reports. The frame may lie, so the person must
   * confirm the address.
   */
  readonly onLink?: (address: string) => void;
  /** Reads bytes of the file, from `start` up to but excluding `end`. */
  readonly onRead?: (start: number, end: number) => Promise<ArrayBuffer>;
}

/** Limit for rendering. Malicious content may keep the frame busy forever. */
const patienceMs = 60_000;

/**
 * Sends the content to `<iframe sandbox="allow-scripts" src="/preview-frame">`. Call it after the frame has loaded.
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
  const tooLate = setTimeout(() => reject(new Error("It takes too long.")), patienceMs);
  const tell = (order: FrameOrder) => own.postMessage(order, []);
  const hear = (answer: FrameAnswer) => {
    if (answer.state === "shown") resolve(answer.facts);
    else if (answer.state === "failed") reject(new Error(answer.reason));
    else if (answer.state === "read") void hand(answer, listeners, tell);
    else if (!isIn(frame)) return;
    else if (answer.state === "left") listeners.onLeft?.();
    else if (navigator.userActivation.isActive) listeners.onLink?.(answer.address);
  };
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
  // An opaque origin has no name, so the target is "*". The page's policy lets the frame navigate only within this
  // server.
  frame.contentWindow?.postMessage("open", "*", [its]);
  own.postMessage(content, [content.bytes]);
  return { shown: shown.finally(() => clearTimeout(tooLate)), tell };
}

/** Ignores the frame's messages about user input while the focus is elsewhere on the page. */
function isIn(frame: HTMLIFrameElement): boolean {
  return document.activeElement === frame;
}

type Asked = Extract<FrameAnswer, { readonly state: "read" }>;

async function hand({ number, start, end }: Asked, { onRead }: FrameListeners, tell: ShownFrame["tell"]) {
  // The page handles the error itself and does not reveal it to the frame.
  const bytes = await onRead?.(start, end).catch(() => undefined);
  tell({ read: number, bytes });
}
