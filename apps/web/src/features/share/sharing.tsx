import { useQuery } from "@tanstack/react-query";
import { permissionsOf } from "../../data/permissions.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { InvitePeople } from "./invite-people.tsx";
import { LinkList } from "./link-list.tsx";
import { PeopleList } from "./people-list.tsx";
import type { SharingProps } from "./sharing-props.ts";
import { Ownership } from "./transfer.tsx";
import { isTransferable, offerOf } from "./transfers.ts";

/** Shows and changes permissions. Changes take effect immediately. */
export function Sharing({ node }: SharingProps) {
  const drive = useDrive();
  const words = useMessages();
  const { data, error, refetch } = useQuery(permissionsOf(drive, node.id));
  const { data: offer } = useQuery({ ...offerOf(drive, node.id), enabled: isTransferable(node) });
  // A failed reload keeps the form and its input.
  if (error !== null && data === undefined) {
    return (
      <Notice kind="error" acts={<Button onClick={() => void refetch()}>{words.message("shell.tryAgain")}</Button>}>
        {problemWords(error, words)}
      </Notice>
    );
  }
  const links = data?.filter(({ grantee }) => grantee.kind === "link");
  const people = data?.filter(({ grantee }) => grantee.kind !== "link");
  return (
    <div className="flex flex-col gap-6">
      <InvitePeople key={node.id} node={node} permissions={data} />
      <PeopleList node={node} people={people} hasLinks={(links?.length ?? 0) > 0} offer={offer} />
      <LinkList node={node} links={links} />
      <Ownership node={node} offer={offer} />
    </div>
  );
}
