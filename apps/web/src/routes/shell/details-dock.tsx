import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense, useSyncExternalStore } from "react";
import { useNode } from "../../data/use-node.ts";
import { Button } from "../../design/button.tsx";
import { Sheet } from "../../design/dialog.tsx";
import { lazyPart } from "../../design/lazy-part.ts";
import { Failure } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages, withWords } from "../../messages/use-messages.ts";
import type { ListSearch, Panel } from "../place-search.ts";
import { useSubject } from "../../features/files/acts/subject.ts";

const DetailsPanel = lazyPart(
  async () => (await withWords(import("../../features/details/details-panel.tsx"))).DetailsPanel,
);
const Sharing = lazyPart(async () => (await withWords(import("../../features/share/sharing.tsx"))).Sharing);

/** Located beside the list if there is space, otherwise above it. */
export function DetailsDock({ id }: { readonly id: string | undefined }) {
  const { panel }: ListSearch = useSearch({ strict: false });
  return panel === undefined || id === undefined ? null : <Dock id={id} panel={panel} />;
}

/** Shown while no item is open. */
export function ListDetails() {
  const { open }: ListSearch = useSearch({ strict: false });
  const subject = useSubject();
  return <DetailsDock id={open === undefined ? subject?.id : undefined} />;
}

function Dock({ id, panel }: { readonly id: string; readonly panel: Panel }) {
  const words = useMessages();
  const navigate = useNavigate();
  const { data: node, error } = useNode(id);
  const isWide = useSyncExternalStore(watchWidth, () => wide.matches);
  const show = (next: Panel | undefined) =>
    void navigate({ to: ".", search: (old: object) => ({ ...old, panel: next }), replace: true } as never);
  const close = () => show(undefined);
  const failure = error !== null && (
    <Failure
      title={problemWords(error, words)}
      acts={isWide && <Button onClick={close}>{words.message("design.close")}</Button>}
    />
  );
  const content =
    node === undefined ? (
      failure
    ) : (
      <Suspense fallback={null}>
        <DetailsPanel
          node={node}
          tab={panel}
          onTab={show}
          onClose={isWide ? close : undefined}
          sharing={<Sharing node={node.kind === "mount" ? { ...node, id: node.target ?? node.id } : node} />}
        />
      </Suspense>
    );
  if (isWide) return <aside className="w-100 shrink-0 border-s border-line bg-surface">{content}</aside>;
  return (
    <Sheet open title={node?.name ?? words.message("files.details")} onClose={close}>
      {content}
    </Sheet>
  );
}

const wide = matchMedia("(min-width: 1280px)");

function watchWidth(listener: () => void): () => void {
  wide.addEventListener("change", listener);
  return () => wide.removeEventListener("change", listener);
}
