import { type ReactNode, useEffect, useState } from "react";

export interface WrittenText {
  readonly name: string;
  readonly text: string;
  /** Escape was pressed in it. */
  readonly onLeft: () => void;
}

interface WrittenPreviewProps extends WrittenText {
  /** Shows it, and each text that comes after it. */
  readonly show: (written: WrittenText) => ReactNode;
}

const pauseMs = 300;

/** What is being written, as it will look: after each pause. */
export function WrittenPreview({ text, show, ...rest }: WrittenPreviewProps) {
  const [shown, setShown] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setShown(text), pauseMs);
    return () => clearTimeout(timer);
  }, [text]);
  return <div className="flex min-h-0 min-w-0 flex-1 border-s border-line">{show({ ...rest, text: shown })}</div>;
}
