import { useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate } from "@tanstack/react-router";
import Inbox from "lucide-react/icons/inbox";
import { useEffect, useState, useSyncExternalStore } from "react";
import { type Received, receivedBytesMax, receivedFilesMax, waitingParcels } from "../browser/received-files.ts";
import { useSession } from "../data/use-session.ts";
import { Button } from "../design/button.tsx";
import { Loaded } from "../design/loaded.tsx";
import { Empty, Notice } from "../design/notice.tsx";
import { usePageTitle } from "../design/page-title.ts";
import { OthersParcels } from "../features/receive/others-parcels.tsx";
import { WaitingParcel } from "../features/receive/waiting-parcel.tsx";
import type { Messages } from "../messages/messages.ts";
import { useMessages } from "../messages/use-messages.ts";

/** Asks for the folder of files that another app shared with this one. The service worker has stored them. */
export function ReceivePlace() {
  const words = useMessages();
  const { message } = words;
  const title = message("receive.title");
  usePageTitle(title);
  const navigate = useNavigate();
  const account = useOwner();
  const [problem, clearProblem] = useProblem();
  const problemWords = problem && problemText(problem, words);
  const load = useQuery({
    queryKey: ["received", account],
    staleTime: 0,
    gcTime: 0,
    queryFn: () => listParcels(account),
  });
  /** The place asks about the next parcel, or opens the folder. */
  const goOn = async (folderId: string | undefined) => {
    clearProblem();
    const { data } = await load.refetch();
    if (data === undefined || data.parcels.length > 0) return;
    if (folderId === undefined) await navigate({ to: "/files", replace: true });
    else await navigate({ to: "/files/$id", params: { id: folderId }, replace: true });
  };
  return (
    <div className="mx-auto flex w-full max-w-180 flex-col gap-4 px-4 pt-2 pb-8 lg:px-6">
      <h1 className="py-1 text-xl font-semibold">{title}</h1>
      {problemWords !== undefined && (
        <Notice kind="error" isNews>
          {problemWords}
        </Notice>
      )}
      <Loaded load={load}>
        {({ parcels: [parcel, ...more], othersCount, othersIds }) => (
          <>
            {othersCount > 0 && (
              <OthersParcels count={othersCount} ids={othersIds} account={account} onOver={() => void load.refetch()} />
            )}
            {parcel === undefined ? (
              <Empty
                Icon={Inbox}
                title={message("receive.none")}
                acts={<Button onClick={() => void navigate({ to: "/files" })}>{message("files.toHome")}</Button>}
              >
                {message("receive.noneNext")}
              </Empty>
            ) : (
              <WaitingParcel
                key={parcel.id}
                parcels={[parcel, ...more]}
                account={account}
                onOver={(folderId) => void goOn(folderId)}
              />
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

/** The service worker or the server adds the problem to the address, which must not show it again after a reload. */
function useProblem() {
  const navigate = useNavigate();
  const search = useLocation({ select: ({ searchStr }) => searchStr });
  const [problem, setProblem] = useState(() => new URLSearchParams(search).get("problem") ?? undefined);
  useEffect(() => {
    if (search !== "") void navigate({ to: "/receive", replace: true });
  }, [search, navigate]);
  return [problem, () => setProblem(undefined)] as const;
}

function problemText(problem: string, { message, number, size }: Messages): string | undefined {
  switch (problem) {
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
