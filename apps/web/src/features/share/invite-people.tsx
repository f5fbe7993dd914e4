import type { NewPermissionJson, PermissionJson } from "@holdfast/protocol/sharing-routes";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { ownGroups } from "../../data/people.ts";
import { permissionsOf } from "../../data/permissions.ts";
import { useDrive } from "../../data/use-drive.ts";
import { announcer } from "../../design/live-regions.tsx";
import { Button } from "../../design/button.tsx";
import { CopyField } from "../../design/copy-field.tsx";
import { Field } from "../../design/field.tsx";
import { Notice } from "../../design/notice.tsx";
import { showToast } from "../../design/toasts.ts";
import type { Messages } from "../../messages/messages.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { useSignInWays } from "../sign-in/use-sign-in-ways.ts";
import { PeopleField } from "./people-field.tsx";
import {
  endOfDay,
  type Invitee,
  inviteesOf,
  keyOf,
  nameOf,
  personRoles,
  type Role,
  withoutDoubles,
} from "./permissions.ts";
import { RoleMenu } from "./role-menu.tsx";
import type { SharingProps } from "./sharing-props.ts";

interface InvitePeopleProps extends SharingProps {
  /** Undefined while the list loads. */
  readonly permissions: readonly PermissionJson[] | undefined;
}

/** Gives people and groups a role. An address without an account is invited. */
export function InvitePeople({ node, permissions }: InvitePeopleProps) {
  const words = useMessages();
  const { message } = words;
  const [role, setRole] = useState<Role>("viewer");
  const [day, setDay] = useState("");
  const [note, setNote] = useState("");
  const sendsMail = useSignInWays().mail;
  const share = useShare(node.id, sendsMail);
  const choice = useChoice(permissions);
  const { isWaiting, load } = useListed(node.id, permissions);
  const submit = async () => {
    const listed = await load();
    const invitees = listed && choice.take(listed);
    if (invitees === undefined) return;
    const sent = { invitees, text: choice.field.text };
    share.mutate(
      { invitees, fields: { role, ...ending(day), ...saying(note) } },
      {
        onSuccess: (shared) => {
          choice.settle(sent, shared, failureWords(shared, words));
          if (shared.failed.length > 0) return;
          setNote("");
          setDay("");
        },
      },
    );
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
      className="flex flex-col gap-3"
    >
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
        <RoleMenu label={message("share.role")} value={role} roles={personRoles} onChoose={setRole} />
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
          <Button kind="primary" type="submit" busy={share.isPending || isWaiting}>
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

/** Waits for the list of permissions, which contains the people that already have access. */
function useListed(nodeId: string, permissions: readonly PermissionJson[] | undefined) {
  const drive = useDrive();
  const queries = useQueryClient();
  const [isWaiting, setWaiting] = useState(false);
  const load = async () => {
    if (permissions !== undefined) return permissions;
    setWaiting(true);
    // The panel reports a failure.
    const listed = await queries.query({ ...permissionsOf(drive, nodeId), staleTime: "static" }).catch(() => undefined);
    setWaiting(false);
    return listed;
  };
  return { isWaiting, load };
}

/** The people and groups chosen so far, and the text that is not chosen yet. */
function useChoice(permissions: readonly PermissionJson[] | undefined) {
  const { message } = useMessages();
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState<readonly Invitee[]>([]);
  const [error, setError] = useState<string>();
  const groups = useQuery(ownGroups(useDrive())).data ?? [];
  const members = useMemo(() => membersOf(permissions ?? []), [permissions]);
  return {
    isFilled: text.trim() !== "" || chosen.length > 0,
    field: { text, chosen, members, groups, error, onText: setText, onChosen: setChosen },
    /** @returns all invitees; undefined, with an error at the field, if one has access or the text is no invitee */
    take: (listed: readonly PermissionJson[]): readonly Invitee[] | undefined => {
      const last = inviteesOf(text, groups);
      const all = withoutDoubles([...chosen, ...(last ?? [])]);
      const member = all.find((one) => membersOf(listed).has(keyOf(one)));
      if (last === undefined || all.length === 0) setError(message("share.nobody"));
      else if (member !== undefined) setError(message("share.hasAccess", { name: nameOf(member) }));
      else {
        setError(undefined);
        return all;
      }
      return undefined;
    },
    /** Keeps later input and failed entries. */
    settle: (sent: Sent, { failed }: Shared, problem: string | undefined) => {
      const left = new Set(failed.map(({ invitee }) => keyOf(invitee)));
      const done = new Set(sent.invitees.map(keyOf).filter((key) => !left.has(key)));
      setText((now) => (now === sent.text ? "" : now));
      setChosen((now) =>
        withoutDoubles([...now, ...failed.map(({ invitee }) => invitee)]).filter((one) => !done.has(keyOf(one))),
      );
      setError(problem);
    },
  };
}

function membersOf(permissions: readonly PermissionJson[]): ReadonlySet<string> {
  return new Set(permissions.flatMap(memberKeys));
}

/** Direct permissions only. A person with inherited access can get another role here. */
function memberKeys({ grantee, inherited_from: inherited }: PermissionJson): string[] {
  if (inherited !== undefined) return [];
  const address = grantee.email?.toLowerCase();
  return [...(grantee.id === undefined ? [] : [grantee.id]), ...(address === undefined ? [] : [address])];
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

interface Sent {
  readonly invitees: readonly Invitee[];
  readonly text: string;
}

interface Shared {
  readonly shared: readonly NewPermissionJson[];
  readonly failed: readonly { readonly invitee: Invitee; readonly thrown: unknown }[];
}

/** @returns all failed people and groups with the first error; undefined without failures */
function failureWords({ failed }: Shared, words: Messages): string | undefined {
  const [first] = failed;
  if (first === undefined) return undefined;
  const name = failed.map(({ invitee }) => nameOf(invitee)).join(", ");
  return words.message("share.failed", { name, problem: problemWords(first.thrown, words) });
}

/** Shares with one person or group after the other. A failure does not stop the rest. */
function useShare(nodeId: string, sendsMail: boolean) {
  const { client } = useDrive();
  const words = useMessages();
  const { message } = words;
  const queries = useQueryClient();
  const isShown = useRef(true);
  useEffect(() => {
    isShown.current = true;
    return () => void (isShown.current = false);
  }, []);
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
    onSuccess: (result) => {
      announce(result.shared);
      const problem = failureWords(result, words);
      if (problem !== undefined && !isShown.current) showToast({ kind: "error", text: problem });
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
