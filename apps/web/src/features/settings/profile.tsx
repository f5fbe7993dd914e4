import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useAccount } from "../../data/account.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Avatar } from "../../design/avatar.tsx";
import { Button } from "../../design/button.tsx";
import { Card, Facts } from "../../design/card.tsx";
import { Switch } from "../../design/choice.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Notice } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { AddressDialog } from "./address-dialog.tsx";
import { DeleteAccount, ExportAccount } from "./leave.tsx";
import { NameDialog } from "./name-dialog.tsx";
import { Storage } from "./storage.tsx";

export function Profile() {
  const load = useAccount();
  return (
    <Loaded load={load}>
      {(account) => (
        <>
          {account.next_email !== null ? (
            <Moving email={account.next_email} />
          ) : (
            !account.confirmed && <Unconfirmed email={account.email} />
          )}
          <Person name={account.name} email={account.email} />
          <Storage used={account.used_bytes} quota={account.quota_bytes} />
          <Shares isMounted={account.auto_mount} />
          <ExportAccount />
          <DeleteAccount />
        </>
      )}
    </Loaded>
  );
}

interface PersonProps {
  readonly name: string;
  readonly email: string;
}

function Person({ name, email }: PersonProps) {
  const { message } = useMessages();
  const [isNaming, setNaming] = useState(false);
  const [isMoving, setMoving] = useState(false);
  return (
    <Card title={message("settings.account")}>
      <div className="flex items-center gap-4">
        <Avatar name={name} />
        <div className="min-w-0 flex-1">
          <p className="font-semibold wrap-anywhere">
            <bdi>{name}</bdi>
          </p>
          <p className="text-sm text-muted">{message("setup.nameHint")}</p>
        </div>
        <Button aria-label={message("settings.changeName")} onClick={() => setNaming(true)}>
          {message("settings.change")}
        </Button>
      </div>
      <Facts facts={[[message("settings.email"), <bdi key="email">{email}</bdi>]]} />
      <div>
        <Button onClick={() => setMoving(true)}>{message("settings.changeEmail")}…</Button>
      </div>
      {isMoving && <AddressDialog onClose={() => setMoving(false)} />}
      {isNaming && <NameDialog name={name} onClose={() => setNaming(false)} />}
    </Card>
  );
}

function Unconfirmed({ email }: { readonly email: string }) {
  const { message } = useMessages();
  const about = message("settings.unconfirmedAbout", { email });
  return <Confirming kind="warning" title={message("settings.unconfirmed")} about={about} email={email} />;
}

/** The link has not been followed yet. */
function Moving({ email }: { readonly email: string }) {
  const { message } = useMessages();
  const about = message("settings.movingAbout");
  return <Confirming kind="info" title={message("settings.moving", { email })} about={about} email={email} />;
}

interface ConfirmingProps {
  readonly kind: "warning" | "info";
  readonly title: string;
  readonly about: string;
  readonly email: string;
}

function Confirming({ kind, title, about, email }: ConfirmingProps) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const mail = useMutation({ mutationFn: () => client.call("mailConfirmation") });
  const said = mail.error === null ? about : problemWords(mail.error, words);
  return (
    <Notice
      kind={kind}
      title={title}
      acts={
        !mail.isSuccess && (
          <Button busy={mail.isPending} onClick={() => mail.mutate()}>
            {message("settings.confirmMail")}
          </Button>
        )
      }
    >
      <span role="status">{mail.isSuccess ? message("settings.confirmMailed", { email }) : said}</span>
    </Notice>
  );
}

function Shares({ isMounted }: { readonly isMounted: boolean }) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (auto_mount: boolean) => client.call("updateAccount", { body: { auto_mount } }),
    onSuccess: (account) => queries.setQueryData(["account"], account),
  });
  return (
    <Card title={message("settings.shares")}>
      <Switch
        label={message("settings.autoMount")}
        hint={message("settings.autoMountAbout")}
        checked={change.isPending ? change.variables : isMounted}
        busy={change.isPending}
        error={change.error === null ? undefined : problemWords(change.error, words)}
        onChange={(checked) => change.mutate(checked)}
      />
    </Card>
  );
}
