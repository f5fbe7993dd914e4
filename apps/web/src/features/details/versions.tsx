import type { VersionJson } from "@holdfast/protocol/version-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import Ellipsis from "lucide-react/icons/ellipsis";
import { Suspense, useState } from "react";
import { lazyPart } from "../../design/lazy-part.ts";
import { saveFrom } from "../../data/signed-address.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import type { MenuItem } from "../../design/menu.ts";
import { MenuButton } from "../../design/menu-button.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { LabelDialog } from "./label-dialog.tsx";
import { byCursor, Pages } from "./pages.tsx";
import { PruneDialog } from "./prune-dialog.tsx";

const CompareDialog = lazyPart(
  async () => (await import("./compare-dialog.tsx")).CompareDialog,
  ({ onClose }) => onClose(),
);

/** Suggested number of newest versions to keep, if the file has more. */
const suggestedKeep = 5;

/** Versions of a file, newest first. */
export function Versions({ node }: { readonly node: NodeJson }) {
  const { client } = useDrive();
  const { message } = useMessages();
  const [labelled, setLabelled] = useState<VersionJson>();
  const [compared, setCompared] = useState<VersionJson>();
  const [keep, setKeep] = useState<number>();
  // The key contains the current version, so saves of other devices refresh the list.
  const query = useInfiniteQuery({
    queryKey: ["versions", node.id, node.version_id],
    queryFn: ({ pageParam, signal }) =>
      client.call("listVersions", { params: { id: node.id }, query: { limit: 50, cursor: pageParam }, signal }),
    ...byCursor,
  });
  return (
    <>
      <Pages query={query} empty={message("details.noVersions")}>
        {(versions) => (
          <>
            {node.role === "owner" && versions.length > 1 && (
              <div>
                <Button onClick={() => setKeep(versions.length > suggestedKeep ? suggestedKeep : 1)}>
                  {message("details.prune")}
                </Button>
              </div>
            )}
            <ul className="flex flex-col gap-1">
              {versions.map((version) => (
                <VersionRow
                  key={version.version_id}
                  node={node}
                  version={version}
                  onLabel={() => setLabelled(version)}
                  onCompare={() => setCompared(version)}
                />
              ))}
            </ul>
          </>
        )}
      </Pages>
      {keep !== undefined && <PruneDialog node={node} keep={keep} onClose={() => setKeep(undefined)} />}
      <LabelDialog node={node} version={labelled} onClose={() => setLabelled(undefined)} />
      {compared !== undefined && (
        <Suspense fallback={null}>
          <CompareDialog node={node} version={compared} onClose={() => setCompared(undefined)} />
        </Suspense>
      )}
    </>
  );
}

interface VersionRowProps {
  readonly node: NodeJson;
  readonly version: VersionJson;
  readonly onLabel: () => void;
  readonly onCompare: () => void;
}

function VersionRow({ node, version, onLabel, onCompare }: VersionRowProps) {
  const drive = useDrive();
  const words = useMessages();
  const { message, dateTime, size } = words;
  const navigate = useNavigate();
  const restore = useRestore(node);
  const time = dateTime(version.created_at, "second");
  const acts = message("details.versionActs", { number: String(version.number), time });
  const isNewest = version.version_id === node.version_id;
  const mayWrite = node.role === "owner" || node.role === "editor";
  const fail = (thrown: unknown) => showToast({ text: problemWords(thrown, words), kind: "error" });
  const labelItem = version.label_locked
    ? { label: message("details.labelLocked"), disabled: true, run: () => {} }
    : { label: message("details.label"), run: onLabel };
  const open = () =>
    void navigate({
      to: ".",
      search: (old: object) => ({ ...old, open: node.id, version: version.number, panel: "versions" }),
    } as never);
  const items = (): MenuItem[] => [
    { label: message("files.open"), run: open },
    ...(isNewest ? [] : [{ label: message("details.compare"), run: onCompare }]),
    {
      label: message("details.download"),
      run: () => void saveFrom(drive.client, { id: node.id, version: version.version_id, use: "download" }).catch(fail),
    },
    ...(mayWrite ? [labelItem] : []),
    ...(mayWrite && !isNewest
      ? [{ label: message("details.restore"), run: () => restore.mutate(version.version_id) }]
      : []),
  ];
  return (
    <li className="flex min-h-12 items-center gap-2">
      <div className="min-w-0 flex-1">
        <p>
          {message("details.versionNumber", { number: String(version.number) })} · {time}
          {isNewest && <span className="ms-2 text-sm whitespace-nowrap text-muted">{message("details.newest")}</span>}
        </p>
        <p className="truncate text-sm text-muted">
          <bdi>{version.author.name}</bdi>
          {version.device_name !== undefined && (
            <>
              {" · "}
              <bdi>{version.device_name}</bdi>
            </>
          )}
          {" · "}
          {size(version.size)}
          {version.label !== undefined && (
            <>
              {" · "}
              <bdi className="text-text">{version.label}</bdi>
            </>
          )}
        </p>
      </div>
      <MenuButton label={acts} items={items}>
        <IconButton small Icon={Ellipsis} label={acts} busy={restore.isPending} />
      </MenuButton>
    </li>
  );
}

/** Adds the old content as the newest version. To undo this, restore the previously newest version. */
function useRestore(node: NodeJson) {
  const { client, folders } = useDrive();
  const words = useMessages();
  const queries = useQueryClient();
  const restore = useMutation({
    mutationFn: (version: string) => client.call("restoreVersion", { params: { id: node.id }, query: { version } }),
    onSuccess: (restored) => {
      folders.take([restored]);
      const before = node.version_id;
      showToast({
        text: words.message("details.restored", { name: node.name }),
        ...(before === null ? {} : { act: { label: words.message("design.undo"), run: () => restore.mutate(before) } }),
      });
    },
    onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ["versions", node.id] }),
        queries.invalidateQueries({ queryKey: ["node", node.id] }),
      ]),
  });
  return restore;
}
