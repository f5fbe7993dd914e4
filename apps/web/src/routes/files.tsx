import { useParams } from "@tanstack/react-router";
import { withWords } from "../messages/use-messages.ts";
import { lazy, Suspense } from "react";
import { FolderPlace } from "../features/files/folder-place.tsx";

/** Loaded for an empty drive. */
const BeginHere = lazy(async () => ({
  default: (await withWords(import("../features/first-run/begin-here.tsx"))).BeginHere,
}));

export function FilesPlace() {
  const { id = "root" } = useParams({ strict: false });
  return (
    <FolderPlace
      id={id}
      begin={(onUpload) => (
        <Suspense fallback={null}>
          <BeginHere onUpload={onUpload} />
        </Suspense>
      )}
    />
  );
}
