import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import Inbox from "lucide-react/icons/inbox";
import { useState, useSyncExternalStore } from "react";
import {
  discardReceived,
  type Received,
  receivedBytesMax,
  receivedFilesMax,
  type ReceivedParcel,
  claimReceived,
  waitingParcels,
} from "../browser/received-files.ts";
import { uploadFiles } from "../commands/upload-files.ts";
import { useAccount } from "../data/account.ts";
import { useAway } from "../data/use-away.ts";
import { useSession } from "../data/use-session.ts";
import { Button } from "../design/button.tsx";
import { Card, Item, Items } from "../design/card.tsx";
import { FormDialog } from "../design/form-dialog.tsx";
import { Loaded } from "../design/loaded.tsx";
import { Empty, Notice } from "../design/notice.tsx";
import { usePageTitle } from "../design/page-title.ts";
import { shownName } from "../design/shown-name.ts";
import { showToast } from "../design/toasts.ts";
import { MoveDialog } from "../features/files/move/move-dialog.tsx";
import { FileShape } from "../features/files/rows/file-shape.tsx";
import type { Messages } from "../messages/messages.ts";
import { messages, useMessages } from "../messages/use-messages.ts";

const shownMax = 10;

/** Asks for the folder of files that another app shared with this one. The service worker has stored them. */
export function ReceivePlace() {
  const words = useMessages();
  const { message } = words;
  const title = message("receive.title");
  usePageTitle(title);
  const navigate = useNavigate();
  const account = useOwner();
  const problem = problemText(useLocation({ select: ({ searchStr }) => searchStr }), words);
  const load = useQuery({
    queryKey: ["received", account],
    staleTime: 0,
    gcTime: 0,
    queryFn: () => listParcels(account),
  });
  /** The place asks about the next parcel, or opens the folder. */
  const goOn = async (folderId: string | undefined) => {
    const { data } = await load.refetch();
    if (data === undefined || data.parcels.length > 0) return;
    if (folderId === undefined) await navigate({ to: "/files", replace: true });
    else await navigate({ to: "/files/$id", params: { id: folderId }, replace: true });
  };
  return (
    <div className="mx-auto flex w-full max-w-180 flex-col gap-4 px-4 pt-2 pb-8 lg:px-6">
      <h1 className="py-1 text-xl font-semibold">{title}</h1>
      {problem !== undefined && (
        <Notice kind="error" isNews>
          {problem}
        </Notice>
      )}
      <Loaded load={load}>
        {({ parcels: [parcel], othersCount }) => (
          <>
            {othersCount > 0 && <Notice kind="info">{message("receive.others", { count: othersCount })}</Notice>}
            {parcel === undefined ? (
              <Empty
                Icon={Inbox}
                title={message("receive.none")}
                acts={<Button onClick={() => void navigate({ to: "/files" })}>{message("files.toHome")}</Button>}
              >
                {message("receive.noneNext")}
              </Empty>
            ) : (
              <Waiting key={parcel.id} parcel={parcel} onOver={(folderId) => void goOn(folderId)} />
            )}
          </>
        )}
      </Loaded>
    </div>
  );
}

/** Account of this browser, also while the server cannot be reached. */
function useOwner(): string | undefined {
  const session = useSession();
  return useSyncExternalStore(session.subscribe, () => session.account);
}

async function listParcels(account: string | undefined): Promise<Received> {
  const received = await waitingParcels(account);
  // Otherwise, the browser may delete the files when the device is short of space.
  if (received.fileCount > 0) void navigator.storage.persist().catch(() => false);
  return received;
}

/** @param search of the address, to which the service worker or the server adds the problem */
function problemText(search: string, { message, number, size }: Messages): string | undefined {
  switch (new URLSearchParams(search).get("problem")) {
    case "nothing":
      return message("receive.nothing");
    case "too_many":
      return message("receive.tooMany", { max: number(receivedFilesMax) });
    case "too_large":
      return message("receive.tooLarge", { max: size(receivedBytesMax) });
    case "not_kept":
      return message("receive.notKept");
    case "not_ready":
      return message("receive.notReady");
    default:
      return undefined;
  }
}

interface WaitingProps {
  readonly parcel: ReceivedParcel;
  /** @param folderId undefined if the files were discarded */
  readonly onOver: (folderId?: string) => void;
}

function Waiting({ parcel, onOver }: WaitingProps) {
  const { message, size } = useMessages();
  const isAway = useAway();
  const [asks, setAsks] = useState<"folder" | "discard" | undefined>("folder");
  const upload = useUpload(parcel, onOver);
  const discard = useMutation({ mutationFn: () => discardReceived(parcel), onSuccess: () => onOver() });
  const { files } = parcel;
  const count = files.length;
  const named = { count, name: shownName(files[0]?.name ?? "") };
  const busy = upload.isPending || discard.isPending;
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return (
    <Card
      title={message("offline.total", { count, size: size(totalBytes) })}
      about={message(isAway ? "receive.away" : "receive.about", { count })}
    >
      {(upload.error ?? discard.error) !== null && (
        <Notice kind="error" isNews>
          {message(upload.error === null ? "receive.notDiscarded" : "receive.notStarted")}
        </Notice>
      )}
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" busy={busy} disabled={isAway} onClick={() => setAsks("folder")}>
          {message("receive.choose")}
        </Button>
        <Button disabled={busy} onClick={() => setAsks("discard")}>
          {message("receive.discard")}
        </Button>
      </div>
      <Files parcel={parcel} />
      {asks === "folder" && !isAway && (
        <MoveDialog
          kind="copy"
          rows={[]}
          from={undefined}
          save={{
            title: message("receive.what", named),
            about: <OwnAccount />,
            act: (folder) => message("saveLink.to", { folder }),
          }}
          onClose={() => setAsks(undefined)}
          onChoose={(to) => {
            setAsks(undefined);
            upload.mutate(to.id);
          }}
        />
      )}
      <FormDialog
        open={asks === "discard"}
        size="small"
        title={message("receive.discardTitle", named)}
        about={message("receive.discardAbout", { count })}
        act={message("receive.discard")}
        isDanger
        onSubmit={() => {
          setAsks(undefined);
          discard.mutate();
        }}
        onClose={() => setAsks(undefined)}
      />
    </Card>
  );
}

function Files({ parcel: { files } }: Pick<WaitingProps, "parcel">) {
  const { message, size } = useMessages();
  const moreCount = files.length - shownMax;
  return (
    <>
      <Items label={message("receive.files")}>
        {files.slice(0, shownMax).map(({ name, sizeBytes }) => (
          <Item
            key={name}
            leading={<FileShape row={{ kind: "file", name }} thumb={undefined} />}
            title={<bdi>{shownName(name)}</bdi>}
            about={size(sizeBytes)}
          />
        ))}
      </Items>
      {moreCount > 0 && <p className="text-muted">{message("receive.more", { count: moreCount })}</p>}
    </>
  );
}

/** Ends when the upload has started. If the upload ends early, the files wait again. */
function useUpload(parcel: ReceivedParcel, onOver: (folderId: string) => void) {
  const session = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { account } = session;
  const offerAgain = () => {
    // A sign-out has deleted the files.
    if (session.account !== account) return;
    void queries.invalidateQueries({ queryKey: ["received"] });
    const { message } = messages();
    const choose = () => void navigate({ to: "/receive" });
    showToast({
      kind: "error",
      text: message("receive.stopped", { count: parcel.files.length }),
      act: { label: message("receive.choose"), run: choose },
    });
  };
  return useMutation({
    mutationFn: (folderId: string) =>
      startUpload({ parcel, folderId, account, isCurrent: () => session.account === account, onStop: offerAgain }),
    onSuccess: (_, folderId) => onOver(folderId),
  });
}

interface Start {
  readonly parcel: ReceivedParcel;
  readonly folderId: string;
  readonly account: string | undefined;
  /** False if another account has signed in. */
  readonly isCurrent: () => boolean;
  /** Called if the upload ends before all files are uploaded. */
  readonly onStop: () => void;
}

/** @throws if the files cannot be read or the upload cannot start; the parcel then waits again */
async function startUpload({ parcel, folderId, account, isCurrent, onStop }: Start): Promise<void> {
  const claimed = await claimReceived(parcel, account);
  if (claimed === undefined) return;
  const { files, remove, release } = claimed;
  // The browser may have needed the space.
  const goneCount = parcel.files.length - files.length;
  if (goneCount > 0) showToast({ kind: "error", text: messages().message("receive.gone", { count: goneCount }) });
  if (files.length === 0) return remove();
  try {
    const { done } = await uploadFiles(files, folderId, isCurrent);
    void done
      .then(remove, () => {
        release();
        onStop();
      })
      // The next page offers the files again.
      .catch(() => {});
  } catch (thrown) {
    release();
    throw thrown;
  }
}

/** The browser may be signed in to another account than the person expects. */
function OwnAccount() {
  const { message } = useMessages();
  const { data: account } = useAccount();
  if (account === undefined) return null;
  const { name, email } = account;
  return (
    <p className="wrap-anywhere">
      <bdi>
        {name === email ? message("saveLink.ofAddress", { email }) : message("saveLink.ofPerson", { name, email })}
      </bdi>
    </p>
  );
}
