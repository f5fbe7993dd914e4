import { useNavigate } from "@tanstack/react-router";
import Play from "lucide-react/icons/play";
import { useMemo } from "react";
import { useDrive } from "../data/use-drive.ts";
import { IconButton } from "../design/icon-button.tsx";
import { useSubject } from "../features/files/acts/subject.ts";
import { holdsPictures } from "../features/files/places/use-view.ts";
import { nextPicture } from "../features/files/rows/pictures.ts";
import { totalsOf, totalsWords } from "../features/files/rows/totals.ts";
import { beginSlideshow } from "../features/preview/slideshow.ts";
import { useMessages } from "../messages/use-messages.ts";

export function FolderCount() {
  const words = useMessages();
  const subject = useSubject();
  const totals = useMemo(() => subject && totalsOf(subject.rows), [subject]);
  if (totals === undefined || totals.folders + totals.files === 0) return null;
  return (
    <p className="truncate text-sm text-muted">
      <bdi>{totalsWords(totals, words)}</bdi>
    </p>
  );
}

/** For folders of pictures that may be looked at without counting as downloads. */
export function SlideshowButton() {
  const { message } = useMessages();
  const { viewer } = useDrive();
  const navigate = useNavigate();
  const subject = useSubject();
  const first = useMemo(
    () => (subject !== undefined && holdsPictures(subject.rows) ? nextPicture(subject.rows, undefined) : undefined),
    [subject],
  );
  if (viewer.isCounted || typeof first !== "object") return null;
  const begin = () => {
    beginSlideshow();
    void navigate({ to: ".", search: (old: object) => ({ ...old, open: first.id }) } as never);
  };
  return <IconButton label={message("preview.slideshow")} Icon={Play} onClick={begin} />;
}
