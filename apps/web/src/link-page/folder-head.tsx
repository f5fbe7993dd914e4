import { useNavigate } from "@tanstack/react-router";
import Play from "lucide-react/icons/play";
import { useMemo } from "react";
import { useDrive } from "../data/use-drive.ts";
import { IconButton } from "../design/icon-button.tsx";
import { useSubject } from "../features/files/acts/subject.ts";
import { holdsPictures } from "../features/files/places/use-view.ts";
import { nextPicture } from "../features/files/rows/pictures.ts";
import { beginSlideshow } from "../features/preview/slideshow.ts";
import { useMessages } from "../messages/use-messages.ts";
import { countRows } from "./folder-count.ts";

/** "3 folders, 12 files, 48 MB". The size follows the files, because the folders' is not known. */
export function FolderCount() {
  const { message, size } = useMessages();
  const subject = useSubject();
  const counted = useMemo(() => subject && countRows(subject.rows), [subject]);
  if (counted === undefined || counted.folders + counted.files === 0) return null;
  const { folders, files, sizeBytes, arePhotos } = counted;
  const parts = [
    ...(folders > 0 ? [message("preview.folders", { count: folders })] : []),
    ...(files > 0 ? [message(arePhotos ? "preview.photos" : "preview.files", { count: files }), size(sizeBytes)] : []),
  ];
  return (
    <p className="truncate text-sm text-muted">
      <bdi>{parts.join(", ")}</bdi>
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
