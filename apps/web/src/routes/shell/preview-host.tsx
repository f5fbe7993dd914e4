import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense } from "react";
import { lazyPart } from "../../design/lazy-part.ts";
import { useOpenedFile } from "../../features/files/places/use-opened-file.tsx";
import { withWords } from "../../messages/use-messages.ts";
import type { ListSearch } from "../place-search.ts";
import { DetailsDock } from "./details-dock.tsx";

const Preview = lazyPart(async () => (await withWords(import("../../features/preview/preview.tsx"))).Preview);

/** The list keeps its position. Back closes the file. */
export function PreviewHost() {
  const { open, version }: ListSearch = useSearch({ strict: false });
  return open === undefined ? null : <OpenPreview id={open} version={version} />;
}

function OpenPreview({ id, version }: { readonly id: string; readonly version: number | undefined }) {
  const navigate = useNavigate();
  const go = (next: string | undefined) =>
    void navigate({
      to: ".",
      search: (old: object) => ({ ...old, open: next, version: undefined }),
      replace: true,
    } as never);
  const { dialogs, ...file } = useOpenedFile(id, version !== undefined, go);
  return (
    <>
      <Suspense fallback={null}>
        <Preview
          id={id}
          version={version}
          file={file}
          details={<DetailsDock id={id} />}
          onGo={go}
          onDetails={() =>
            void navigate({ to: ".", search: (old: object) => ({ ...old, panel: "details" }), replace: true } as never)
          }
          onClose={() => go(undefined)}
        />
      </Suspense>
      {dialogs}
    </>
  );
}
