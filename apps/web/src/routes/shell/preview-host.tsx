import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense } from "react";
import { lazyPart } from "../../design/lazy-part.ts";
import { withWords } from "../../messages/use-messages.ts";
import type { ListSearch } from "../place-search.ts";
import { DetailsDock } from "./details-dock.tsx";
import { useSubject } from "./subject.ts";

const Preview = lazyPart(async () => (await withWords(import("../../features/preview/preview.tsx"))).Preview);

/** The list keeps its position. Back closes the file. */
export function PreviewHost() {
  const { open, version }: ListSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const subject = useSubject();
  if (open === undefined) return null;
  const go = (id: string | undefined) =>
    void navigate({
      to: ".",
      search: (old: object) => ({ ...old, open: id, version: undefined }),
      replace: true,
    } as never);
  return (
    <Suspense fallback={null}>
      <Preview
        id={open}
        version={version}
        previousId={subject?.neighbour(open, -1)}
        nextId={subject?.neighbour(open, 1)}
        details={<DetailsDock id={open} />}
        onGo={go}
        onDetails={() =>
          void navigate({ to: ".", search: (old: object) => ({ ...old, panel: "details" }), replace: true } as never)
        }
        onClose={() => go(undefined)}
      />
    </Suspense>
  );
}
