import type { StorageJson } from "@holdfast/protocol/admin-routes";
import { useQuery } from "@tanstack/react-query";
import { useDrive } from "../../data/use-drive.ts";
import { Card, Facts } from "../../design/card.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Notice } from "../../design/notice.tsx";
import { Progress } from "../../design/progress.tsx";
import type { Messages } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";

/** Free part of the disk below which a warning is shown. */
const scarce = 0.1;

export function StorageFigures() {
  const { message } = useMessages();
  const { client } = useDrive();
  const load = useQuery({
    queryKey: ["admin-storage"],
    queryFn: ({ signal }) => client.call("adminGetStorage", { signal }),
  });
  return (
    <Card title={message("admin.stored")} about={message("admin.storedAbout")}>
      <Loaded load={load}>{(figures) => <Figures figures={figures} />}</Loaded>
    </Card>
  );
}

function Figures({ figures }: { readonly figures: StorageJson }) {
  const words = useMessages();
  const { message, size } = words;
  return (
    <div className="flex flex-col gap-4">
      <Problems figures={figures} />
      <Facts
        facts={[
          [message("admin.accounts"), accountsWords(figures, words)],
          [message("admin.usedBytes"), size(figures.used_bytes)],
          [message("admin.storedBytes"), size(figures.stored_bytes)],
          [
            message("admin.packs"),
            message("admin.packsSize", { count: figures.packs, size: size(figures.pack_bytes) }),
          ],
          [message("admin.liveBytes"), size(figures.live_bytes)],
          [message("admin.databaseBytes"), size(figures.database_bytes)],
        ]}
      />
      <Disk figures={figures} />
    </div>
  );
}

export function accountsWords(
  { accounts, accounts_disabled: off }: StorageJson,
  { message, number }: Pick<Messages, "message" | "number">,
): string {
  return off === 0 ? number(accounts) : message("admin.accountsOff", { count: accounts, off: number(off) });
}

function Disk({ figures: { disk_bytes: disk, disk_free_bytes: free } }: { readonly figures: StorageJson }) {
  const { message, size } = useMessages();
  if (disk === null || free === null) return null;
  const words = message("admin.diskFree", { free: size(free), disk: size(disk) });
  return (
    <div className="flex flex-col gap-2">
      <p className="font-semibold">{message("admin.disk")}</p>
      <Progress
        label={message("admin.disk")}
        value={disk === 0 ? 1 : 1 - free / disk}
        text={words}
        state={isScarce(disk, free) ? "failed" : "running"}
      />
      <p className="text-muted">{words}</p>
    </div>
  );
}

function Problems({ figures }: { readonly figures: StorageJson }) {
  const { message, size } = useMessages();
  const { damaged_blocks: damaged, unreadable_packs: unreadable, disk_bytes: disk, disk_free_bytes: free } = figures;
  return (
    <>
      {damaged > 0 && (
        <Notice kind="error" title={message("admin.damagedBlocks", { count: damaged })}>
          {message("admin.damagedNext")}
        </Notice>
      )}
      {unreadable > 0 && (
        <Notice kind="error" title={message("admin.unreadablePacks", { count: unreadable })}>
          {message("admin.unreadableNext")}
        </Notice>
      )}
      {disk !== null && free !== null && isScarce(disk, free) && (
        <Notice kind="warning" title={message("admin.diskScarce", { free: size(free) })}>
          {message("admin.diskScarceNext")}
        </Notice>
      )}
    </>
  );
}

function isScarce(disk: number, free: number): boolean {
  return free < disk * scarce;
}
