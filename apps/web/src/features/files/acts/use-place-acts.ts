import { useNavigate } from "@tanstack/react-router";
import { useMemo, useRef } from "react";
import { useDrive } from "../../../data/use-drive.ts";
import { type ActsHost, makePlaceActs, type PlaceActs } from "./place-acts.ts";
import { folderOf, isFolder } from "../rows/row-source.ts";

/** Stable while the place is shown. */
export function usePlaceActs(host: ActsHost): PlaceActs {
  const drive = useDrive();
  const navigate = useNavigate();
  const latest = useRef(host);
  latest.current = host;
  return useMemo(
    () =>
      makePlaceActs(drive, () => latest.current, {
        open: (row) => {
          if (isFolder(row)) void navigate({ to: "/files/$id", params: { id: folderOf(row) } });
          else void navigate({ to: ".", search: { ...searchNow(), open: row.id } });
        },
        folder: (id) =>
          void (id === null ? navigate({ to: "/files" }) : navigate({ to: "/files/$id", params: { id } })),
        panel: (panel) => void navigate({ to: ".", search: { ...searchNow(), panel } }),
        rewind: (id) => void navigate({ to: "/rewind/$id", params: { id } }),
      }),
    [drive, navigate],
  );
}

function searchNow(): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(location.search));
}
