import type { InvitationJson } from "@holdfast/protocol/admin-routes";
import MailCheck from "lucide-react/icons/mail-check";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { usePages } from "../../data/use-pages.ts";
import { Button } from "../../design/button.tsx";
import { Card, Item } from "../../design/card.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { PagedItems } from "../../design/paged-items.tsx";
import type { Messages } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { invitationsKey } from "./invitations-key.ts";
import { useAct } from "./use-act.ts";

export function OpenInvitations() {
  const { message } = useMessages();
  const { client } = useDrive();
  const [asked, setAsked] = useState<InvitationJson>();
  const load = usePages(invitationsKey, (cursor, signal) =>
    client.call("adminListInvitations", { query: { limit: 50, cursor }, signal }),
  );
  return (
    <Card title={message("admin.invitationsOpen")} about={message("admin.invitationsOpenAbout")}>
      <PagedItems
        label={message("admin.invitationsOpen")}
        load={load}
        empty={{ Icon: MailCheck, title: message("admin.noInvitations") }}
      >
        {(invitation) => (
          <InvitationItem key={invitation.id} invitation={invitation} onTakeBack={() => setAsked(invitation)} />
        )}
      </PagedItems>
      {asked !== undefined && <TakeBack invitation={asked} onClose={() => setAsked(undefined)} />}
    </Card>
  );
}

interface InvitationItemProps {
  readonly invitation: InvitationJson;
  readonly onTakeBack: () => void;
}

function InvitationItem({ invitation, onTakeBack }: InvitationItemProps) {
  const words = useMessages();
  const { message, ago, dateTime } = words;
  const gives = whatItGives(invitation, words);
  const notes = [
    message("admin.invitedAgo", { when: ago(invitation.created_at) }),
    message("admin.invitedUntil", { when: dateTime(invitation.expires_at) }),
    ...(gives === undefined ? [] : [gives]),
  ];
  return (
    <Item
      title={<bdi>{nameOf(invitation, words)}</bdi>}
      about={notes.join(" · ")}
      acts={
        <Button aria-label={message("admin.takeBackNamed", { name: nameOf(invitation, words) })} onClick={onTakeBack}>
          {message("admin.takeBack")}
        </Button>
      }
    />
  );
}

interface TakeBackProps {
  readonly invitation: InvitationJson;
  readonly onClose: () => void;
}

function TakeBack({ invitation, onClose }: TakeBackProps) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const remove = useAct(
    invitationsKey,
    () => client.call("adminRemoveInvitation", { params: { id: invitation.id } }),
    message("admin.takenBack"),
  );
  return (
    <FormDialog
      open
      size="small"
      title={message("admin.takeBackTitle")}
      about={message("admin.takeBackAbout", { name: nameOf(invitation, words) })}
      act={message("admin.takeBack")}
      isDanger
      busy={remove.isPending}
      // Runs also if the invitation was used in the meantime, which the reloaded list shows.
      onSubmit={() => remove.mutate(undefined, { onSettled: onClose })}
      onClose={onClose}
    />
  );
}

function nameOf({ email }: InvitationJson, { message }: Messages): string {
  return email ?? message("admin.invitedAnybody");
}

/** @returns undefined for the default of new accounts */
function whatItGives(
  { plan, quota_bytes: quota, quota_fixed: isOwn }: InvitationJson,
  { message, size }: Messages,
): string | undefined {
  if (!isOwn) return plan ?? undefined;
  const storage = quota === null ? message("admin.unlimited") : size(quota);
  return plan === null ? storage : `${plan}, ${storage}`;
}
