import type { UsageJson } from "@holdfast/protocol/usage-routes";
import { Link } from "@tanstack/react-router";
import { useUsage } from "../../data/usage.ts";
import { Card, Facts } from "../../design/card.tsx";
import { Notice } from "../../design/notice.tsx";
import { StorageBar } from "../../design/storage-bar.tsx";
import { useMessages } from "../../messages/use-messages.ts";

interface StorageProps {
  readonly used: number;
  readonly quota: number | null;
}

export function Storage({ used, quota }: StorageProps) {
  const { message } = useMessages();
  const { data: usage } = useUsage();
  return (
    <Card title={message("settings.storage")} about={message("settings.storageAbout")}>
      <StorageBar used={used} quota={quota} />
      {quota === null && <p>{message("settings.unlimited")}</p>}
      {usage !== undefined && <Parts usage={usage} />}
    </Card>
  );
}

function Parts({ usage }: { readonly usage: UsageJson }) {
  const { message, size } = useMessages();
  const { quota_bytes: quota, free_bytes: free, largest_versions: largest } = usage;
  return (
    <>
      <Facts
        facts={[
          [message("settings.usedByFiles"), size(usage.files_bytes)],
          [message("settings.usedByTrash"), size(usage.used_bytes - usage.files_bytes)],
          [message("settings.usedByVersions"), size(usage.old_versions_bytes)],
          [message("settings.usedByUploads"), size(usage.uploads_bytes)],
          [message("settings.storedInTotal"), size(usage.stored_bytes)],
          ...(largest.length === 0
            ? []
            : [[message("settings.largestVersions"), <Largest key="largest" files={largest} />] as const]),
        ]}
      />
      {usage.server_space !== undefined && (
        <Notice kind="warning">
          {message(usage.server_space === "full" ? "settings.serverFull" : "settings.serverLow")}
        </Notice>
      )}
      {quota !== null && free !== null && free < quota - usage.used_bytes && (
        <Notice kind="warning">{message("settings.storedFull", { free: size(free) })}</Notice>
      )}
    </>
  );
}

/** Links to the versions, where the owner can delete them. */
function Largest({ files }: { readonly files: UsageJson["largest_versions"] }) {
  const { size } = useMessages();
  return (
    <ul>
      {files.map(({ id, path, bytes }) => (
        <li key={id}>
          <Link to="/f/$id" params={{ id }} search={{ panel: "versions" }} className="text-accent underline">
            <bdi>{path}</bdi>
          </Link>{" "}
          ({size(bytes)})
        </li>
      ))}
    </ul>
  );
}
