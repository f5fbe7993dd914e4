import { Card } from "../../design/card.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { InviteForm } from "./invite-form.tsx";
import { OpenInvitations } from "./open-invitations.tsx";
import { UnsentLinks } from "./unsent-links.tsx";

export function Invitations() {
  const { message } = useMessages();
  return (
    <>
      <Card title={message("admin.invite")} about={message("admin.inviteAbout")}>
        <InviteForm />
      </Card>
      <OpenInvitations />
      <UnsentLinks />
    </>
  );
}
