import type { FrameAnswer, FrameContent, FrameFacts, FrameOrder } from "./frame-messages.ts";
import { readAnswer } from "./read-answer.ts";

export interface ShownFrame {
  /** What it says of what it shows. Error with the frame's own words, which are to be shown as text and nothing else; AbortError */
  readonly shown: Promise<FrameFacts>;
  readonly tell: (order: FrameOrder) => void;
}

/** What may come at any time. */
export interface FrameListeners {
  /** Escape was pressed in it. */
  readonly onLeft?: () => void;
  /** Somebody pressed something in it just now, and it names this address. Only the person can say that it is meant: ask. */
  readonly onLink?: (address: string) => void;
  /** Bytes of the file that it shows, from `start` to before `end`. */
  readonly onRead?: (start: number, end: number) => Promise<ArrayBuffer>;
}

/** Nothing takes so long that somebody waits for it gladly; what never ends is led astray by what it reads. */
const patienceMs = 60_000;

/**
 * Hands bytes to `<iframe sandbox="allow-scripts" src="/preview-frame">` once it has loaded.
 * @param signal where nobody looks any more
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
  // Its origin is nobody's and has no name. Where the frame may lead is the page's policy: nowhere but to this server.
  frame.contentWindow?.postMessage("open", "*", [its]);
  own.postMessage(content, [content.bytes]);
  return { shown: shown.finally(() => clearTimeout(tooLate)), tell };
}

/** Whoever is elsewhere on the page did nothing in the frame, whatever it says. */
function isIn(frame: HTMLIFrameElement): boolean {
  return document.activeElement === frame;
}

type Asked = Extract<FrameAnswer, { readonly state: "read" }>;

async function hand({ number, start, end }: Asked, { onRead }: FrameListeners, tell: ShownFrame["tell"]) {
  // Why it cannot be read the page itself knows, and not what it shows.
  const bytes = await onRead?.(start, end).catch(() => undefined);
  tell({ read: number, bytes });
}
