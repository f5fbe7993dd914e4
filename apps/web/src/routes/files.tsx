import { useParams } from "@tanstack/react-router";
import { withWords } from "../messages/use-messages.ts";
import { Suspense } from "react";
import { lazyPart } from "../design/lazy-part.ts";
import { FolderPlace } from "../features/files/places/folder-place.tsx";

/** Loaded for an empty drive. */
const BeginHere = lazyPart(async () => (await withWords(import("../features/first-run/begin-here.tsx"))).BeginHere);

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
