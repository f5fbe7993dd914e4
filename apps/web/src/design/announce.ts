/** Two live regions, each with at most one message per second. */
export interface Announcer {
  /** Waits for the current speech. Of waiting messages with one topic, only the last is announced. */
  readonly say: (text: string, topic?: string) => void;
  /** Announces immediately, for messages that the person needs before they continue. */
  readonly sayNow: (text: string) => void;
}

export function makeAnnouncer(
  show: (region: "polite" | "assertive", text: string) => void,
  wait: (callback: () => void, delayMs: number) => void = setTimeout,
): Announcer {
  const polite = makeRegion((text) => show("polite", text), wait);
  const assertive = makeRegion((text) => show("assertive", text), wait);
  return { say: polite, sayNow: assertive };
}

const pauseMs = 1000;
/** Older messages are dropped. */
const waitingMax = 5;

function makeRegion(show: (text: string) => void, wait: (callback: () => void, delayMs: number) => void) {
  let waiting: { readonly text: string; readonly topic: string | undefined }[] = [];
  let pausing = false;
  let last = "";
  const sayNext = () => {
    const next = waiting.shift();
    pausing = next !== undefined;
    if (next === undefined) return;
    // Screen readers skip an unchanged region, so a repeated text gets a no-break space.
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
