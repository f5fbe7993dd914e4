import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { claimReceived, type ReceivedParcel, type ReceivingFolder } from "../../browser/received-files.ts";
import { uploadFiles } from "../../commands/upload-files.ts";
import { useSession } from "../../data/use-session.ts";
import { showToast } from "../../design/toasts.ts";
import { messages } from "../../messages/use-messages.ts";

/**
 * Ends when the upload has started. If the upload ends early, the files wait again.
 * @param onOver called without a folder if another tab has the parcel
 */
export function useUploadParcel(parcel: ReceivedParcel, onOver: (folderId?: string) => void) {
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
    mutationFn: (folder: ReceivingFolder) =>
      startUpload({ parcel, folder, account, isCurrent: () => session.account === account, onStop: offerAgain }),
    onSuccess: (isStarted, folder) => {
      if (!isStarted) sayElsewhere(parcel.files.length);
      onOver(isStarted ? folder.id : undefined);
    },
  });
}

/** This or another tab has taken the files, so they are neither uploaded nor discarded again. */
export function sayElsewhere(count: number): void {
  showToast({ kind: "error", text: messages().message("receive.elsewhere", { count }) });
}

interface Start {
  readonly parcel: ReceivedParcel;
  readonly folder: ReceivingFolder;
  readonly account: string | undefined;
  /** False if another account has signed in. */
  readonly isCurrent: () => boolean;
  /** Called if the upload ends before all files are uploaded. */
  readonly onStop: () => void;
}

/**
 * @returns false if another tab has the parcel
 * @throws if the files cannot be read or the upload cannot start; the parcel then waits again
 */
async function startUpload({ parcel, folder, account, isCurrent, onStop }: Start): Promise<boolean> {
  const claimed = await claimReceived(parcel, account, folder);
  if (claimed === undefined) return false;
  const { files, remove, release } = claimed;
  // The browser may have needed the space.
  const goneCount = parcel.files.length - files.length;
  if (goneCount > 0) showToast({ kind: "error", text: messages().message("receive.gone", { count: goneCount }) });
  if (files.length === 0) {
    await remove();
    return true;
  }
  try {
    const { done } = await uploadFiles({ files, folderId: folder.id, parcelId: parcel.id }, isCurrent);
    void done
      .then(remove, () => {
        release();
        onStop();
      })
      // The next page offers the files again.
      .catch(() => {});
    return true;
  } catch (thrown) {
    release();
    throw thrown;
  }
}
