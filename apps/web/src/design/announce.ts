/** What a screen reader says: two regions in the shell, and at most one message a second in each. */
export interface Announcer {
  /** Said when the reader is done with its sentence. Of several with one topic that still wait, the last is said. */
  readonly say: (text: string, topic?: string) => void;
  /** Said at once: for what somebody must know before they go on. */
  readonly sayNow: (text: string) => void;
}

/** @param show puts the text into the region */
export function makeAnnouncer(
  show: (region: "polite" | "assertive", text: string) => void,
  wait: (callback: () => void, delayMs: number) => void = setTimeout,
): Announcer {
  const polite = makeRegion((text) => show("polite", text), wait);
  const assertive = makeRegion((text) => show("assertive", text), wait);
  return { say: polite, sayNow: assertive };
}

const pauseMs = 1000;
/** What has waited behind more than this is news no more. */
const waitingMax = 5;

function makeRegion(show: (text: string) => void, wait: (callback: () => void, delayMs: number) => void) {
  let waiting: { readonly text: string; readonly topic: string | undefined }[] = [];
  let pausing = false;
  let last = "";
  const sayNext = () => {
    const next = waiting.shift();
    pausing = next !== undefined;
    if (next === undefined) return;
    // A region that keeps its text is not read again: the same words differ by a space that nobody hears.
    last = next.text === last ? `${next.text}\u00A0` : next.text;
    show(last);
    wait(sayNext, pauseMs);
  };
  return (text: string, topic?: string) => {
    waiting = [...waiting.filter((each) => topic === undefined || each.topic !== topic), { text, topic }].slice(
      -waitingMax,
    );
    if (!pausing) sayNext();
  };
}
