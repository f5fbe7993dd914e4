import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useDeferredValue, useId, useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { announcer } from "../../design/live-regions.tsx";
import { Button } from "../../design/button.tsx";
import { CopyField } from "../../design/copy-field.tsx";
import { Field } from "../../design/field.tsx";
import { Notice } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { useSignInWays } from "../sign-in/use-sign-in-ways.ts";
import { endOfDay, granteeOf, ownGroups, peopleFor, personRoles, type Role } from "./permissions.ts";
import { RoleSelect } from "./role-select.tsx";
import type { SharingProps } from "./sharing-props.ts";

/** Gives a person or a group a role. An address that has no account is invited. */
export function InvitePeople({ node }: SharingProps) {
  const drive = useDrive();
  const words = useMessages();
  const { message } = words;
  const [text, setText] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [day, setDay] = useState("");
  const [note, setNote] = useState("");
  const [fault, setFault] = useState<string>();
  const groups = useQuery(ownGroups(drive)).data ?? [];
  const sendsMail = useSignInWays().mail;
  const share = useShare(node.id, sendsMail);
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const grantee = granteeOf(text, groups);
    setFault(grantee === undefined ? message("share.nobody") : undefined);
    if (grantee === undefined) return;
    share.mutate(
      { ...grantee, role, ...ending(day), ...saying(note) },
      {
        onSuccess: () => {
          setText("");
          setNote("");
        },
        onError: (thrown) => setFault(problemWords(thrown, words)),
      },
    );
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <WhomField
        sendsMail={sendsMail}
        text={text}
        onText={setText}
        fault={fault}
        groupNames={groups.map(({ name }) => name)}
      />
      {text.trim() !== "" && (
        <Field
          label={message("share.note")}
          optional
          value={note}
          maxLength={1000}
          onChange={(event) => setNote(event.target.value)}
        />
      )}
      <div className="flex flex-wrap items-end gap-3">
        <RoleSelect label={message("share.role")} value={role} roles={personRoles} onChoose={setRole} />
        {text.trim() !== "" && (
          <Field
            label={message("share.until")}
            optional
            type="date"
            value={day}
            onChange={(event) => setDay(event.target.value)}
          />
        )}
        <div className="ms-auto">
          <Button kind="primary" type="submit" busy={share.isPending}>
            {message("share.share")}
          </Button>
        </div>
      </div>
      {share.data?.grantee.kind === "pending" && <Invited permission={share.data} sendsMail={sendsMail} />}
    </form>
  );
}

interface InvitedProps {
  readonly permission: NonNullable<ReturnType<typeof useShare>["data"]>;
  readonly sendsMail: boolean;
}

/** Without mail an administrator hands on the link, and gets it here. */
function Invited({ permission: { grantee, invitation_url: url }, sendsMail }: InvitedProps) {
  const { message } = useMessages();
  if (url !== undefined) return <CopyField label={message("share.invitation")} text={url} />;
  if (sendsMail) return null;
  return (
    <Notice kind="info" isNews>
      {message("share.unsent", { name: grantee.email ?? "" })}
    </Notice>
  );
}

type ShareFields = NonNullable<ReturnType<typeof granteeOf>> & {
  readonly role: Role;
  readonly expires_at?: string;
  readonly message?: string;
};

function useShare(nodeId: string, sendsMail: boolean) {
  const { client } = useDrive();
  const { message } = useMessages();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: ShareFields) => client.call("shareNode", { params: { id: nodeId }, body }),
    onSuccess: ({ grantee }) => {
      const name = grantee.name ?? grantee.email ?? "";
      announcer.say(message(grantee.kind === "pending" && sendsMail ? "share.invited" : "share.shared", { name }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["permissions", nodeId] }),
  });
}

function ending(day: string): Pick<ShareFields, "expires_at"> {
  const ends = endOfDay(day);
  return ends === undefined ? {} : { expires_at: ends };
}

function saying(note: string): Pick<ShareFields, "message"> {
  return note.trim() === "" ? {} : { message: note.trim() };
}

interface WhomFieldProps {
  readonly sendsMail: boolean;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly fault: string | undefined;
  readonly groupNames: readonly string[];
}

/** With the browser's own list of suggestions. */
function WhomField({ sendsMail, text, onText, fault, groupNames }: WhomFieldProps) {
  const { message } = useMessages();
  const listId = useId();
  const people = useQuery(peopleFor(useDrive(), useDeferredValue(text))).data ?? [];
  return (
    <>
      <Field
        label={message("share.whom")}
        hint={message(sendsMail ? "share.whomHint" : "share.whomHintNoMail")}
        error={fault}
        type="text"
        inputMode="email"
        autoComplete="off"
        spellCheck={false}
        list={listId}
        value={text}
        onChange={(event) => onText(event.target.value)}
      />
      <datalist id={listId}>
        {groupNames.map((name) => (
          <option key={`group ${name}`} value={name} label={message("share.group", { name })} />
        ))}
        {people.map(({ id, name, email }) => (
          <option key={id} value={email} label={name} />
        ))}
      </datalist>
    </>
  );
}
