import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { claimReceived, type ReceivedParcel, type ReceivingFolder } from "../../browser/received-files.ts";
import { uploadFiles } from "../../commands/upload-files.ts";
import { useSession } from "../../data/use-session.ts";
import { showToast } from "../../design/toasts.ts";
import { messages } from "../../messages/use-messages.ts";

/** Ends when the upload has started. If the upload ends early, the files wait again. */
export function useUploadParcel(parcel: ReceivedParcel, onOver: (folderId: string) => void) {
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
    onSuccess: (_, folder) => onOver(folder.id),
  });
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

/** @throws if the files cannot be read or the upload cannot start; the parcel then waits again */
async function startUpload({ parcel, folder, account, isCurrent, onStop }: Start): Promise<void> {
  const claimed = await claimReceived(parcel, account, folder);
  if (claimed === undefined) return;
  const { files, remove, release } = claimed;
  // The browser may have needed the space.
  const goneCount = parcel.files.length - files.length;
  if (goneCount > 0) showToast({ kind: "error", text: messages().message("receive.gone", { count: goneCount }) });
  if (files.length === 0) return remove();
  try {
    const { done } = await uploadFiles({ files, folderId: folder.id, parcelId: parcel.id }, isCurrent);
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
