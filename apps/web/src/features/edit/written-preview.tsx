import { type ReactNode, useEffect, useState } from "react";

export interface WrittenText {
  readonly name: string;
  readonly text: string;
  readonly onLeft: () => void;
}

interface WrittenPreviewProps extends WrittenText {
  readonly show: (written: WrittenText) => ReactNode;
}

const pauseMs = 300;

export function WrittenPreview({ text, show, ...rest }: WrittenPreviewProps) {
  const [shown, setShown] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setShown(text), pauseMs);
    return () => clearTimeout(timer);
  }, [text]);
  return <div className="flex min-h-0 min-w-0 flex-1 border-s border-line">{show({ ...rest, text: shown })}</div>;
}
