import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Mail from "lucide-react/icons/mail";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Button, buttonLook } from "../../design/button.tsx";
import { CopyField } from "../../design/copy-field.tsx";
import { Field, SelectField } from "../../design/field.tsx";
import { Form } from "../../design/form.tsx";
import { Notice } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { invitationsKey } from "./invitations-key.ts";
import { isAddress } from "./is-address.ts";
import { planWords, plansQuery } from "./plans.tsx";

export function InviteForm() {
  const [turn, setTurn] = useState(0);
  return <OneInvitation key={turn} onNext={() => setTurn(turn + 1)} />;
}

function OneInvitation({ onNext }: { readonly onNext: () => void }) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const queries = useQueryClient();
  const { data: plans } = useQuery(plansQuery(client));
  const [email, setEmail] = useState("");
  const [plan, setPlan] = useState("");
  const [isTried, setTried] = useState(false);
  const invite = useMutation({
    mutationFn: () =>
      client.call("adminInvite", {
        body: { ...(email.trim() === "" ? {} : { email: email.trim() }), ...(plan === "" ? {} : { plan }) },
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: invitationsKey }),
  });
  const isBad = email.trim() !== "" && !isAddress(email);
  const choices = [
    { value: "", label: message("admin.planDefault") },
    ...(plans?.items ?? [])
      .filter(({ offered }) => offered)
      .map((each) => ({ value: each.name, label: planWords(each, words) })),
  ];
  const send = () => {
    setTried(true);
    if (!isBad) invite.mutate();
  };
  if (invite.data !== undefined) {
    return <Invited invitation={invite.data} email={email.trim()} onNext={onNext} />;
  }
  return (
    <Form
      problem={invite.error === null ? undefined : problemWords(invite.error, words)}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label={message("session.email")}
          optional
          type="email"
          autoComplete="off"
          hint={message("admin.inviteEmail")}
          value={email}
          error={isTried && isBad ? message("setup.noAddress") : undefined}
          onChange={(event) => setEmail(event.target.value)}
        />
        <SelectField label={message("settings.plan")} value={plan} onChoose={setPlan} choices={choices} />
      </div>
      <div>
        <Button kind="primary" type="submit" busy={invite.isPending}>
          {message("firstRun.inviteAct")}
        </Button>
      </div>
    </Form>
  );
}

interface InvitedProps {
  readonly invitation: { readonly url: string; readonly expires_at: string };
  /** Empty: anybody with the link. */
  readonly email: string;
  readonly onNext: () => void;
}

function Invited({ invitation, email, onNext }: InvitedProps) {
  const { message, dateTime } = useMessages();
  return (
    <div className="flex flex-col items-start gap-4">
      <Notice kind="success" title={message("admin.invited")} isNews>
        {message("admin.invitedAbout", { when: dateTime(invitation.expires_at) })}
      </Notice>
      <CopyField label={message("admin.link")} text={invitation.url} />
      <div className="flex flex-wrap gap-3">
        {email !== "" && (
          <a href={mailTo(email, message("admin.inviteSubject"), invitation.url)} className={buttonLook("secondary")}>
            <Mail aria-hidden size={16} className="shrink-0" />
            {message("admin.inviteMail")}
          </a>
        )}
        <Button onClick={onNext}>{message("admin.inviteNext")}</Button>
      </div>
    </div>
  );
}

/** Opens the inviting user's mail program. Recipients trust a mail from a known person more, and the secret stays off other channels. */
function mailTo(address: string, subject: string, body: string): string {
  return `mailto:${encodeURIComponent(address)}?subject=${encodeURIComponent(subject)}&body=${encodeURIComponent(body)}`;
}
