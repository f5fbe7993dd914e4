import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { countFiles, discardReceived, type ReceivedParcel } from "../../browser/received-files.ts";
import { useAccount } from "../../data/account.ts";
import { useAway } from "../../data/use-away.ts";
import { Button } from "../../design/button.tsx";
import { Card, Item, Items } from "../../design/card.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { Notice } from "../../design/notice.tsx";
import { shownName } from "../../design/shown-name.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { MoveDialog } from "../files/move/move-dialog.tsx";
import { FileShape } from "../files/rows/file-shape.tsx";
import { sayElsewhere, useUploadParcel } from "./use-upload-parcel.ts";

const shownMax = 10;

interface WaitingProps {
  readonly parcels: readonly [ReceivedParcel, ...ReceivedParcel[]];
  readonly account: string | undefined;
  /** @param folderId undefined if the files were discarded */
  readonly onOver: (folderId?: string) => void;
}

export function WaitingParcel({ parcels, account, onOver }: WaitingProps) {
  const { message, size } = useMessages();
  const isAway = useAway();
  const [asks, setAsks] = useState<"folder" | readonly ReceivedParcel[] | undefined>("folder");
  const isFolderAsked = useOpened(asks === "folder", !isAway);
  const [parcel, ...others] = parcels;
  const { files } = parcel;
  const count = files.length;
  const upload = useUploadParcel(parcel, onOver);
  const discard = useDiscard(account, onOver);
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
      <State parcel={parcel} />
      <div className="flex flex-wrap gap-2 max-sm:*:first:basis-full">
        <Button kind="primary" busy={busy} disabled={isAway} onClick={() => setAsks("folder")}>
          {message("receive.choose")}
        </Button>
        <Button disabled={busy} onClick={() => setAsks([parcel])}>
          {message("receive.discard")}
        </Button>
        {others.length > 0 && (
          <Button disabled={busy} onClick={() => setAsks(parcels)}>
            {message("receive.discardAll")}
          </Button>
        )}
      </div>
      <Files parcel={parcel} />
      {isFolderAsked && (
        <MoveDialog
          kind="copy"
          rows={[]}
          from={undefined}
          start={parcel.folder}
          save={{
            title: message("receive.what", namedOf([parcel])),
            about: <OwnAccount />,
            act: (folder) => message("saveLink.to", { folder }),
          }}
          onClose={() => setAsks(undefined)}
          onChoose={(to) => {
            setAsks(undefined);
            discard.reset();
            upload.mutate(to);
          }}
        />
      )}
      {asks !== "folder" && asks !== undefined && (
        <DiscardQuestion
          parcels={asks}
          onDiscard={() => {
            setAsks(undefined);
            upload.reset();
            discard.mutate(asks);
          }}
          onClose={() => setAsks(undefined)}
        />
      )}
    </Card>
  );
}

/** @returns true from the time when it may open, so that a connection lost later does not close it */
function useOpened(isWanted: boolean, mayOpen: boolean): boolean {
  const [isOpen, setOpen] = useState(false);
  const isOpenNow = isWanted && (isOpen || mayOpen);
  if (isOpenNow !== isOpen) setOpen(isOpenNow);
  return isOpenNow;
}

function useDiscard(account: string | undefined, onOver: () => void) {
  return useMutation({
    mutationFn: (parcels: readonly ReceivedParcel[]) =>
      discardReceived(
        parcels.map(({ id }) => id),
        account,
        "own",
      ),
    onSuccess: (isDiscarded, parcels) => {
      if (!isDiscarded) sayElsewhere(countFiles(parcels));
      onOver();
    },
  });
}

interface DiscardQuestionProps {
  readonly parcels: readonly ReceivedParcel[];
  readonly onDiscard: () => void;
  readonly onClose: () => void;
}

function DiscardQuestion({ parcels, onDiscard, onClose }: DiscardQuestionProps) {
  const { message } = useMessages();
  return (
    <FormDialog
      open
      size="small"
      title={message("receive.discardTitle", namedOf(parcels))}
      about={message("receive.discardAbout", { count: countFiles(parcels) })}
      act={message("receive.discard")}
      isDanger
      onSubmit={onDiscard}
      onClose={onClose}
    />
  );
}

function namedOf(parcels: readonly ReceivedParcel[]) {
  return { count: countFiles(parcels), name: shownName(parcels[0]?.files[0]?.name ?? "") };
}

interface ParcelProps {
  readonly parcel: ReceivedParcel;
}

function State({ parcel: { files, folder, deleteMs } }: ParcelProps) {
  const { message, day } = useMessages();
  return (
    <>
      {deleteMs !== undefined && (
        <Notice kind="warning">{message("receive.deletedOn", { count: files.length, date: day(deleteMs) })}</Notice>
      )}
      {folder !== undefined && (
        <Notice kind="info">{message("receive.unfinished", { folder: shownName(folder.name) })}</Notice>
      )}
    </>
  );
}

function Files({ parcel: { files } }: ParcelProps) {
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
