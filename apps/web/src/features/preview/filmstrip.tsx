import { useLayoutEffect, useMemo, useRef } from "react";
import { isNarrow } from "../../design/narrow.ts";
import { useSubject } from "../files/acts/subject.ts";
import { FileShape } from "../files/rows/file-shape.tsx";
import { picturesAround } from "../files/rows/pictures.ts";

interface FilmstripProps {
  readonly id: string;
  readonly onGo: (id: string) => void;
}

/** Odd, so that the current picture is in the middle. */
const picturesMax = 15;

/** Pictures around the current one in its list. The arrow keys reach them too, so they are not in the tab order. */
export function Filmstrip({ id, onGo }: FilmstripProps) {
  const subject = useSubject();
  const strip = useRef<HTMLDivElement>(null);
  const pictures = useMemo(
    () => (subject === undefined || isNarrow() ? [] : picturesAround(subject.rows, id, picturesMax)),
    [subject, id],
  );
  useLayoutEffect(() => {
    strip.current?.querySelector("[aria-current=true]")?.scrollIntoView({ inline: "center", block: "nearest" });
  }, [pictures]);
  const tag = subject?.place().thumbTag;
  if (pictures.length < 2 || tag === undefined) return null;
  return (
    <div
      ref={strip}
      className="scroll-strip hidden h-16 shrink-0 items-center gap-1 px-2 justify-center-safe sm:flex [@media(max-height:40rem)]:hidden"
    >
      {pictures.map((row) => (
        <button
          key={row.id}
          type="button"
          tabIndex={-1}
          title={row.name}
          aria-label={row.name}
          aria-current={row.id === id}
          onClick={() => onGo(row.id)}
          className="size-12 shrink-0 overflow-hidden rounded-md opacity-60 hover:opacity-100 aria-[current=true]:opacity-100 aria-[current=true]:ring-2 aria-[current=true]:ring-accent aria-[current=true]:ring-inset"
        >
          <FileShape row={row} thumb={`/api/v1/thumbs/${row.thumb}/s?t=${tag}`} isLarge />
        </button>
      ))}
    </div>
  );
}
