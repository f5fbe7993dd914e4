import { useQuery } from "@tanstack/react-query";
import Play from "lucide-react/icons/play";
import { useEffect, useState } from "react";
import type { Drive } from "../../../data/drive.ts";
import { rowOf } from "../../../data/row.ts";
import { useDrive } from "../../../data/use-drive.ts";
import { isPicture } from "../rows/file-kind.ts";
import { FileShape } from "../rows/file-shape.tsx";
import { folderOf, isFolder, type ListedRow } from "../rows/row-source.ts";
import { pictureOf } from "./video-picture.ts";

interface ShapeProps {
  readonly row: ListedRow;
}

/** A folder or video in the grid: pictures of its content, or the icon of its kind. */
export function TileShape({ row }: ShapeProps) {
  const { viewer } = useDrive();
  if (isFolder(row) && !row.waits) return <FolderShape row={row} />;
  // For a link, reading the video would count as a download.
  if (!isFolder(row) && viewer.kind === "account") return <VideoShape row={row} />;
  return <FileShape row={row} thumb={undefined} isLarge />;
}

/** First children of a folder, among which its pictures are searched. */
const childrenMax = 24;

/** Shows four pictures, or the first of fewer. */
function FolderShape({ row }: ShapeProps) {
  const { data: pictures = [] } = useQuery(coverOf(useDrive(), folderOf(row)));
  if (pictures.length === 0) return <FileShape row={row} thumb={undefined} isLarge />;
  const shown = pictures.slice(0, pictures.length < 4 ? 1 : 4);
  return (
    <>
      <div className={`grid size-full gap-0.5 ${shown.length === 1 ? "" : "grid-cols-2 grid-rows-2"}`}>
        {shown.map(({ id, address }) => (
          <img key={id} src={address} alt="" draggable={false} decoding="async" className="size-full object-cover" />
        ))}
      </div>
      <span className="absolute rounded-full bg-raised p-2 shadow-card">
        <FileShape row={row} thumb={undefined} />
      </span>
    </>
  );
}

function coverOf({ client, viewer }: Drive, id: string) {
  return {
    queryKey: ["cover", id],
    queryFn: async ({ signal }: { readonly signal: AbortSignal }) => {
      const query = { fields: "row", sort: "natural", limit: childrenMax } as const;
      const { items, t } = await client.call("listFolder", { params: { id }, query, signal });
      const size = viewer.isCounted ? "s" : "m";
      return items
        .map((item) => rowOf(item))
        .filter((row) => isPicture(row))
        .map((row) => ({ id: row.id, address: `/api/v1/thumbs/${row.thumb}/${size}?t=${t}` }));
    },
  };
}

function VideoShape({ row }: ShapeProps) {
  const address = useVideoPicture(row);
  return (
    <>
      <FileShape row={row} thumb={address} isLarge />
      {address !== undefined && (
        <span aria-hidden className="absolute rounded-full bg-raised p-2 shadow-card">
          <Play size={20} />
        </span>
      )}
    </>
  );
}

function useVideoPicture(row: ListedRow): string | undefined {
  const drive = useDrive();
  const [address, setAddress] = useState<string>();
  const { id, revision } = row;
  useEffect(() => {
    const ending = new AbortController();
    let made: string | undefined;
    const show = (picture: Blob) => {
      if (ending.signal.aborted) return;
      made = URL.createObjectURL(picture);
      setAddress(made);
    };
    // The icon stays if there is no picture.
    pictureOf(drive, { id, revision }, ending.signal).then(show, () => {});
    return () => {
      ending.abort();
      if (made !== undefined) URL.revokeObjectURL(made);
      setAddress(undefined);
    };
  }, [drive, id, revision]);
  return address;
}
