import { Link } from "@tanstack/react-router";
import CloudOff from "lucide-react/icons/cloud-off";
import { useEffect } from "react";
import { pickUploads } from "../../commands/uploads.ts";
import { usePerson } from "../../data/account.ts";
import { useDrive } from "../../data/use-drive.ts";
import { useKept } from "../../data/use-kept.ts";
import { Button } from "../../design/button.tsx";
import { Item, Items } from "../../design/card.tsx";
import { Empty } from "../../design/notice.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { showToast } from "../../design/toasts.ts";
import { messages, useMessages } from "../../messages/use-messages.ts";
import { type MainActs, useOfferMainActs } from "../files/acts/main-acts.ts";

const uploadActs: MainActs = {
  newFolder: sayAway,
  newText: sayAway,
  uploadFiles: () => pickUploads("files", "root"),
  uploadFolder: () => pickUploads("folder", "root"),
  takePhoto: () => pickUploads("photo", "root"),
};

function sayAway(): void {
  showToast({ kind: "error", text: messages().message("problem.unreachable") });
}

/** Replaces every page if the app was opened offline. */
export function OfflinePlace() {
  const { message, size } = useMessages();
  const { reach, kept } = useDrive();
  const { files } = useKept();
  const person = usePerson();
  usePageTitle(message("offline.title"));
  // Files wait in the tray and go to the root folder.
  useOfferMainActs(person === undefined ? undefined : uploadActs);
  useEffect(() => void kept.open().catch(() => {}), [kept]);
  return (
    <div className="mx-auto flex w-full max-w-180 flex-col gap-4 px-4 pt-2 pb-8 lg:px-6">
      <div className="flex flex-wrap items-center gap-2">
        <h1 className="flex-1 py-1 text-xl font-semibold">{message("offline.title")}</h1>
        <Button onClick={() => reach.tryNow()}>{message("offline.tryNow")}</Button>
      </div>
      <p className="text-muted">
        {person === undefined ? message("offline.aboutNobody") : message("offline.about", { name: person.name })}
      </p>
      {files.length === 0 ? (
        <Empty Icon={CloudOff} title={message("offline.none")}>
          {message("offline.noneNext")}
        </Empty>
      ) : (
        <Items label={message("offline.kept")}>
          {files
            .toSorted((left, right) => left.path.localeCompare(right.path))
            .map(({ id, name, path, sizeBytes }) => (
              <Item
                key={id}
                title={
                  <Link to="." search={{ open: id } as never} className="text-text underline">
                    <bdi>{name}</bdi>
                  </Link>
                }
                about={<bdi>{`${path} · ${size(sizeBytes)}`}</bdi>}
              />
            ))}
        </Items>
      )}
    </div>
  );
}
