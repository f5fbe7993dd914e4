import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, Suspense, useMemo } from "react";
import { type SortOrder, sortOrders } from "../../../data/row-order.ts";
import { useDrive } from "../../../data/use-drive.ts";
import { useFolder } from "../../../data/use-folder.ts";
import { Crumbs } from "../../../design/crumbs.tsx";
import { lazyPart } from "../../../design/lazy-part.ts";
import { usePageTitle } from "../../../design/page-title.ts";
import { useMessages, withWords } from "../../../messages/use-messages.ts";
import { folderColumns } from "../list/columns.ts";
import { dropAttributes } from "../list/drop-targets.ts";
import type { ShownFolder } from "../acts/files-context.ts";
import { FolderRows } from "../rows/folder-rows.ts";
import { ListPlace } from "./list-place.tsx";
import { useLineage } from "../rows/use-lineage.ts";

const SharedBy = lazyPart(async () => (await withWords(import("./shared-by.tsx"))).SharedBy);

/** Content of an empty drive. */
type Begin = (onUpload: () => void) => ReactNode;

/** @param id folder id or `root` */
export function FolderPlace({ id, begin }: { readonly id: string; readonly begin: Begin }) {
  const lineage = useLineage(id);
  const nodes = lineage.data;
  // Loads in parallel with the path. Only `root` must be resolved first.
  const realId = id === "root" ? nodes?.[0]?.id : id;
  if (realId === undefined) return null;
  return <FolderOf key={realId} id={realId} nodes={nodes} begin={begin} />;
}

type Nodes = ReturnType<typeof useLineage>["data"];

interface FolderOfProps {
  readonly id: string;
  readonly nodes: Nodes;
  readonly begin: Begin;
}

function FolderOf({ id, nodes, begin }: FolderOfProps) {
  const { message } = useMessages();
  const navigate = useNavigate();
  const { folders } = useDrive();
  const { sort } = useSearch({ strict: false });
  const order = sortOrders.find((each) => each === sort) ?? "natural";
  const { folder } = useFolder(folders, id, order);
  const source = useMemo(() => new FolderRows(folder), [folder]);
  const home = message("files.home");
  const [node, ...above] = nodes ?? [];
  const name = node === undefined ? "" : node.name || home;
  usePageTitle(node === undefined ? undefined : name);
  const shown = useMemo<ShownFolder | undefined>(
    () =>
      node === undefined
        ? undefined
        : {
            id,
            name: node.name,
            parentId: node.parent_id,
            role: node.role,
            lineage: (nodes ?? []).map((one) => one.id),
          },
    [id, nodes, node],
  );
  return (
    <ListPlace
      kind="folder"
      viewKey={id}
      name={name}
      heading={
        node === undefined ? (
          <h1 className="sr-only">{message("place.files")}</h1>
        ) : (
          <Way nodes={[node, ...above]} home={home} />
        )
      }
      source={source}
      thumbTag={folder.index.thumbTag}
      columns={folderColumns}
      empty={message(shown?.role === "viewer" || shown?.role === "commenter" ? "files.emptyRead" : "files.empty")}
      folder={shown}
      begin={node?.parent_id === null && node.role === "owner" ? begin : undefined}
      sort={order}
      onSort={(next: SortOrder) =>
        void navigate({
          to: "/files/$id",
          params: { id },
          search: next === "natural" ? {} : { sort: next },
          replace: true,
        })
      }
    />
  );
}

/** Breadcrumbs from the root, or from the list of shared items. Each folder is a drop target. */
function Way({ nodes, home }: { readonly nodes: NonNullable<Nodes>; readonly home: string }) {
  const navigate = useNavigate();
  const { viewer } = useDrive();
  const { message } = useMessages();
  const crumbs = nodes.toReversed().map((one) => ({
    id: one.id,
    name: one.name || home,
    onOpen: () => void navigate({ to: "/files/$id", params: { id: one.id } }),
  }));
  const top = nodes.at(-1);
  // Only the account's own root has no name.
  const isGuest = viewer.kind === "account" && top !== undefined && top.name !== "";
  const shared = { id: "shared", name: message("place.shared"), onOpen: () => void navigate({ to: "/shared" }) };
  const way = (
    <Crumbs
      crumbs={isGuest ? [shared, ...crumbs] : crumbs}
      link={(crumb, name, look) => {
        if (crumb === shared) {
          return (
            <Link to="/shared" draggable={false} className={look}>
              {name}
            </Link>
          );
        }
        const place = nodes.findIndex((one) => one.id === crumb.id);
        const lineage = nodes.slice(place + 1).map((one) => one.id);
        return (
          <Link
            to="/files/$id"
            params={{ id: crumb.id }}
            draggable={false}
            className={`${look} data-over:ring-2 data-over:ring-accent`}
            {...dropAttributes(crumb.id, crumb.name, lineage)}
          >
            {name}
          </Link>
        );
      }}
    />
  );
  if (!isGuest) return way;
  return (
    <div className="flex min-w-0 items-center gap-2">
      {way}
      <Suspense fallback={null}>
        <SharedBy id={top.id} />
      </Suspense>
    </div>
  );
}
