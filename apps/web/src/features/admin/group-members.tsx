import { toHoldfastError } from "@holdfast/core/errors";
import type { GroupJson } from "@holdfast/protocol/group-routes";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import UserPlus from "lucide-react/icons/user-plus";
import { type SubmitEvent, useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { usePages } from "../../data/use-pages.ts";
import { Avatar } from "../../design/avatar.tsx";
import { Button } from "../../design/button.tsx";
import { Badge, Item } from "../../design/card.tsx";
import { Dialog } from "../../design/dialog.tsx";
import { Field } from "../../design/field.tsx";
import { PagedItems } from "../../design/paged-items.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { groupsKey } from "./groups-key.ts";
import { useAct } from "./use-act.ts";

export function GroupMembers({ group, onClose }: { readonly group: GroupJson; readonly onClose: () => void }) {
  const { message } = useMessages();
  const { client } = useDrive();
  const load = usePages([...groupsKey, group.id], (cursor, signal) =>
    client.call("listGroupMembers", { params: { id: group.id }, query: { limit: 100, cursor }, signal }),
  );
  return (
    <Dialog open title={group.name} about={message("admin.membersAbout")} onClose={onClose}>
      <div className="flex flex-col gap-6">
        <AddMember group={group} />
        <PagedItems
          label={message("admin.showMembers")}
          load={load}
          empty={{ Icon: UserPlus, title: message("admin.noMembers") }}
        >
          {(member) => <MemberItem key={member.user_id} groupId={group.id} member={member} />}
        </PagedItems>
      </div>
    </Dialog>
  );
}

function AddMember({ group }: { readonly group: GroupJson }) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const queries = useQueryClient();
  const [email, setEmail] = useState("");
  const add = useMutation({
    mutationFn: (address: string) =>
      client.call("setGroupMember", { params: { id: group.id, user_id: address }, body: { role: "member" } }),
    onSuccess: () => setEmail(""),
    onSettled: () => queries.invalidateQueries({ queryKey: groupsKey }),
  });
  const send = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (email.trim() !== "") add.mutate(email.trim());
  };
  const problem = () =>
    toHoldfastError(add.error).code === "not_found" ? message("admin.noSuchAccount") : problemWords(add.error, words);
  return (
    <form noValidate onSubmit={send} className="flex flex-col items-start gap-3">
      <div className="w-full">
        <Field
          label={message("admin.addMember")}
          type="email"
          autoComplete="off"
          value={email}
          error={add.error === null ? undefined : problem()}
          onChange={(event) => setEmail(event.target.value)}
        />
      </div>
      <Button type="submit" Icon={UserPlus} busy={add.isPending}>
        {message("admin.add")}
      </Button>
    </form>
  );
}

interface MemberItemProps {
  readonly groupId: string;
  readonly member: {
    readonly user_id: string;
    readonly name: string;
    readonly email: string;
    readonly role: "member" | "manager";
    readonly disabled: boolean;
  };
}

function MemberItem({ groupId, member }: MemberItemProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const params = { id: groupId, user_id: member.user_id };
  const remove = useAct(groupsKey, () => client.call("removeGroupMember", { params }));
  const turn = useAct(groupsKey, (role: "member" | "manager") =>
    client.call("setGroupMember", { params, body: { role } }),
  );
  const isManager = member.role === "manager";
  return (
    <Item
      leading={<Avatar name={member.name} />}
      title={
        <span className="flex flex-wrap items-center gap-2">
          <bdi>{member.name}</bdi>
          {isManager && <Badge>{message("admin.manager")}</Badge>}
          {member.disabled && <Badge kind="bad">{message("admin.isDisabled")}</Badge>}
        </span>
      }
      about={<bdi>{member.email}</bdi>}
      acts={
        <>
          <Button kind="quiet" busy={turn.isPending} onClick={() => turn.mutate(isManager ? "member" : "manager")}>
            {message(isManager ? "admin.takeManager" : "admin.makeManager")}
          </Button>
          <Button
            aria-label={message("settings.removeNamed", { name: member.name })}
            busy={remove.isPending}
            onClick={() => remove.mutate(undefined)}
          >
            {message("settings.removeToken")}
          </Button>
        </>
      }
    />
  );
}
