import { useMemo } from "react";
import { useSubject } from "../files/acts/subject.ts";
import { FileShape } from "../files/rows/file-shape.tsx";
import { picturesAround } from "../files/rows/pictures.ts";

interface FilmstripProps {
  readonly id: string;
  readonly onGo: (id: string) => void;
}

/** Odd, so that the current picture is in the middle. */
const picturesMax = 15;

/** Pictures around the current one in its list. The arrow keys reach them too, so they are no stops of the Tab key. */
export function Filmstrip({ id, onGo }: FilmstripProps) {
  const subject = useSubject();
  const pictures = useMemo(
    () => (subject === undefined ? [] : picturesAround(subject.rows, id, picturesMax)),
    [subject, id],
  );
  const tag = subject?.place().thumbTag;
  if (pictures.length < 2 || tag === undefined) return null;
  return (
    <div className="hidden h-16 shrink-0 items-center justify-center gap-1 overflow-hidden px-2 sm:flex [@media(max-height:40rem)]:hidden">
      {pictures.map((row) => (
        <button
          key={row.id}
          type="button"
          tabIndex={-1}
          title={row.name}
          aria-label={row.name}
          aria-current={row.id === id}
          onClick={() => onGo(row.id)}
          className="size-12 shrink-0 overflow-hidden rounded-md opacity-60 hover:opacity-100 aria-[current=true]:opacity-100 aria-[current=true]:ring-2 aria-[current=true]:ring-accent"
        >
          <FileShape row={row} thumb={row.thumb && `/api/v1/thumbs/${row.thumb}/s?t=${tag}`} isLarge />
        </button>
      ))}
    </div>
  );
}
