import type { Time } from "../messages/formats.ts";
import { useMessages } from "../messages/use-messages.ts";

interface WhenProps {
  readonly at: Time;
  readonly say?: (when: string) => string;
}

/** Relative time. Hovering shows the exact one. */
export function When({ at, say = (when) => when }: WhenProps) {
  const { ago, dateTime } = useMessages();
  return (
    <time dateTime={new Date(at).toISOString()} title={dateTime(at)}>
      {say(ago(at))}
    </time>
  );
}
