import { Suspense, useSyncExternalStore } from "react";
import { lazyPart } from "../../../design/lazy-part.ts";
import type { View } from "../../../browser/preferences.ts";
import { currentClash, skipClashes, watchClashes } from "../acts/clashes.ts";
import { FileList } from "../list/file-list.tsx";
import { mayAdd } from "../acts/files-context.ts";
import { ListActionsContext } from "../list/list-actions.ts";
import { ListHead } from "../list/list-head.tsx";
import { PlaceBar } from "./place-bar.tsx";
import { PlaceState } from "./place-state.tsx";
import { withWords } from "../../../messages/use-messages.ts";
import { type ListPlaceProps, usePlace } from "./use-place.ts";
import { useView } from "./use-view.ts";

/** Not needed before the first list. */
const ChangesPill = lazyPart(async () => (await import("../list/changes-pill.tsx")).ChangesPill);
const OutsideDrop = lazyPart(async () => (await import("../list/outside-drop.tsx")).OutsideDrop);
const DragGhost = lazyPart(async () => (await import("../list/drag-ghost.tsx")).DragGhost);
const PlaceQuestions = lazyPart(
  async () => (await import("./place-questions.tsx")).PlaceQuestions,
  ({ close }) => close(),
);
const ClashDialog = lazyPart(
  async () => (await withWords(import("../acts/clash-dialog.tsx"))).ClashDialog,
  skipClashes,
);
const ListTotals = lazyPart(async () => (await withWords(import("../list/list-totals.tsx"))).ListTotals);
const FilterBar = lazyPart(
  async () => (await withWords(import("../list/filter-bar.tsx"))).FilterBar,
  ({ onClose }) => onClose(),
);

export function ListPlace(props: ListPlaceProps) {
  const { source, name, folder } = props;
  const place = usePlace(props);
  const { context, acts, dialogs, live, filter } = place;
  const [view, setView] = useView(props);
  return (
    <section aria-label={name} className="relative flex h-full flex-col">
      <PlaceBar heading={props.heading} context={context} view={view} onView={setView} />
      {filter.isOpen && (
        <Suspense fallback={null}>
          <FilterBar source={source} onFilter={filter.narrow} onClose={filter.end} onGoOn={filter.goOn} />
        </Suspense>
      )}
      {live.waitingCount > 0 && (
        <Suspense fallback={null}>
          <ChangesPill count={live.waitingCount} onShow={live.showNow} />
        </Suspense>
      )}
      <ListActionsContext value={place.actions}>
        {source.state === "ready" && source.total > 0 ? (
          <Rows props={props} place={place} view={view} />
        ) : (
          <PlaceState
            source={source}
            empty={props.empty}
            begin={props.begin}
            context={context}
            onKey={place.onKey}
            onMenu={place.showMenu}
          />
        )}
      </ListActionsContext>
      {dialogs.question !== null && (
        <Suspense fallback={null}>
          <PlaceQuestions {...dialogs} acts={acts} folder={folder} onDone={props.onDone} />
        </Suspense>
      )}
      <ClashDialogs />
      <Suspense fallback={null}>
        <OutsideDrop folderId={mayAdd(context) ? source.folderId : undefined} folderName={name} />
      </Suspense>
      <Suspense fallback={null}>
        <DragGhost />
      </Suspense>
    </section>
  );
}

function ClashDialogs() {
  const question = useSyncExternalStore(watchClashes, currentClash);
  if (question === undefined) return null;
  return (
    <Suspense fallback={null}>
      <ClashDialog key={question.clashes[0]?.name} question={question} />
    </Suspense>
  );
}

interface RowsProps {
  readonly props: ListPlaceProps;
  readonly place: ReturnType<typeof usePlace>;
  readonly view: View;
}

function Rows({ props, place, view }: RowsProps) {
  const { columns, kind, sort, onSort } = props;
  const { act, acts, context, selection } = place;
  const { shown } = place.filter;
  const open = (id: string) => {
    const row = shown.row(id);
    if (row !== undefined && kind !== "trash") acts.openRow(row);
  };
  const head = (
    <ListHead
      columns={columns}
      sort={sort}
      onSort={onSort}
      view={view}
      context={context}
      total={shown.total}
      onSelectAll={(all) => act({ type: all ? "all" : "none" })}
    />
  );
  // The page of a link shows its totals in the head.
  const foot = context.viewer === "account" && (
    <Suspense fallback={null}>
      <ListTotals source={shown} />
    </Suspense>
  );
  return (
    <FileList
      label={props.name}
      source={shown}
      view={view}
      columns={columns}
      head={head}
      foot={foot}
      selection={selection}
      act={act}
      renamingId={place.renamingId}
      cutIds={place.cutIds}
      onKey={place.onKey}
      onOpen={open}
      onMenu={place.showMenu}
      onTouch={place.live.touched}
      moving={kind === "folder" ? place.moving : undefined}
      handle={place.handle}
    />
  );
}
