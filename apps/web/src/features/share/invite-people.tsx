import type { NewPermissionJson } from "@holdfast/protocol/sharing-routes";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { announcer } from "../../design/live-regions.tsx";
import { Button } from "../../design/button.tsx";
import { CopyField } from "../../design/copy-field.tsx";
import { Field } from "../../design/field.tsx";
import { Notice } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { useSignInWays } from "../sign-in/use-sign-in-ways.ts";
import { PeopleField } from "./people-field.tsx";
import {
  endOfDay,
  type Invitee,
  inviteeOf,
  nameOf,
  ownGroups,
  personRoles,
  type Role,
  withoutDoubles,
} from "./permissions.ts";
import { RoleSelect } from "./role-select.tsx";
import type { SharingProps } from "./sharing-props.ts";

/** Gives people and groups a role. An address without an account is invited. */
export function InvitePeople({ node }: SharingProps) {
  const { message } = useMessages();
  const [role, setRole] = useState<Role>("viewer");
  const [day, setDay] = useState("");
  const [note, setNote] = useState("");
  const sendsMail = useSignInWays().mail;
  const share = useShare(node.id, sendsMail);
  const choice = useChoice();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const invitees = choice.take();
    if (invitees === undefined) return;
    share.mutate(
      { invitees, fields: { role, ...ending(day), ...saying(note) } },
      {
        onSuccess: ({ failed }) => {
          choice.settle(failed);
          if (failed.length === 0) setNote("");
        },
      },
    );
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <PeopleField {...choice.field} hint={message(sendsMail ? "share.whomHint" : "share.whomHintNoMail")} />
      {choice.isFilled && (
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
        {choice.isFilled && (
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
      {share.data?.shared
        .filter(({ grantee }) => grantee.kind === "pending")
        .map((permission) => (
          <Invited key={permission.id} permission={permission} sendsMail={sendsMail} />
        ))}
    </form>
  );
}

/** The people and groups chosen so far, and the text that is not chosen yet. */
function useChoice() {
  const words = useMessages();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<readonly Invitee[]>([]);
  const [error, setError] = useState<string>();
  const groups = useQuery(ownGroups(useDrive())).data ?? [];
  return {
    isFilled: text.trim() !== "" || chosen.length > 0,
    field: { text, chosen, groups, error, onText: setText, onChosen: setChosen },
    /** @returns all invitees; undefined, with an error at the field, if the text is neither an address nor a group */
    take: (): readonly Invitee[] | undefined => {
      const last = inviteeOf(text, groups);
      const isUnknown = last === undefined && (text.trim() !== "" || chosen.length === 0);
      setError(isUnknown ? words.message("share.nobody") : undefined);
      if (isUnknown) return undefined;
      return withoutDoubles([...chosen, ...(last === undefined ? [] : [last])]);
    },
    /** Those that failed stay in the field, with the first error. */
    settle: (failed: Shared["failed"]) => {
      setText("");
      setChosen(failed.map(({ invitee }) => invitee));
      const [first] = failed;
      if (first === undefined) return;
      setError(
        words.message("share.failed", { name: nameOf(first.invitee), problem: problemWords(first.thrown, words) }),
      );
    },
  };
}

interface InvitedProps {
  readonly permission: NewPermissionJson;
  readonly sendsMail: boolean;
}

/** Administrators get the invitation link here if the server sends no mail. */
function Invited({ permission: { grantee, invitation_url: url }, sendsMail }: InvitedProps) {
  const { message } = useMessages();
  const name = grantee.email ?? "";
  if (url !== undefined) return <CopyField label={message("share.invitation", { name })} text={url} />;
  if (sendsMail) return null;
  return (
    <Notice kind="info" isNews>
      {message("share.unsent", { name })}
    </Notice>
  );
}

interface ShareFields {
  readonly role: Role;
  readonly expires_at?: string;
  readonly message?: string;
}

interface Shared {
  readonly shared: readonly NewPermissionJson[];
  readonly failed: readonly { readonly invitee: Invitee; readonly thrown: unknown }[];
}

/** Shares with one after the other. A failure does not stop the rest. */
function useShare(nodeId: string, sendsMail: boolean) {
  const { client } = useDrive();
  const { message } = useMessages();
  const queries = useQueryClient();
  const shareWith = (invitee: Invitee, fields: ShareFields) => {
    const grantee = "groupId" in invitee ? { group_id: invitee.groupId } : { email: invitee.email };
    return client.call("shareNode", { params: { id: nodeId }, body: { ...grantee, ...fields } });
  };
  const announce = ([first, ...others]: readonly NewPermissionJson[]) => {
    if (first === undefined) return;
    const { grantee } = first;
    const name = grantee.name ?? grantee.email ?? "";
    if (others.length > 0) announcer.say(message("share.sharedMany", { count: others.length + 1 }));
    else announcer.say(message(grantee.kind === "pending" && sendsMail ? "share.invited" : "share.shared", { name }));
  };
  return useMutation({
    mutationFn: async ({
      invitees,
      fields,
    }: {
      invitees: readonly Invitee[];
      fields: ShareFields;
    }): Promise<Shared> => {
      const shared: NewPermissionJson[] = [];
      const failed: { invitee: Invitee; thrown: unknown }[] = [];
      for (const invitee of invitees)
        await shareWith(invitee, fields).then(
          (permission) => shared.push(permission),
          (thrown: unknown) => failed.push({ invitee, thrown }),
        );
      return { shared, failed };
    },
    onSuccess: ({ shared }) => announce(shared),
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
