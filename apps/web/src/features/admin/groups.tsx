import type { GroupJson } from "@holdfast/protocol/group-routes";
import Ellipsis from "lucide-react/icons/ellipsis";
import Plus from "lucide-react/icons/plus";
import UsersRound from "lucide-react/icons/users-round";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { usePages } from "../../data/use-pages.ts";
import { Button } from "../../design/button.tsx";
import { Badge, Card, Item } from "../../design/card.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import { MenuButton } from "../../design/menu-button.tsx";
import { PagedItems } from "../../design/paged-items.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { GroupMembers } from "./group-members.tsx";
import { GroupNameDialog } from "./group-name-dialog.tsx";
import { groupsKey } from "./groups-key.ts";
import { useAct } from "./use-act.ts";

type Asked = { readonly what: "members" | "name" | "delete"; readonly group: GroupJson } | { readonly what: "new" };

export function Groups() {
  const { message } = useMessages();
  const { client } = useDrive();
  const [asked, setAsked] = useState<Asked>();
  const load = usePages(groupsKey, (cursor, signal) =>
    client.call("listGroups", { query: { limit: 50, cursor }, signal }),
  );
  const close = () => setAsked(undefined);
  return (
    <Card
      title={message("admin.groups")}
      isTitleHidden
      about={message("admin.groupsAbout")}
      acts={
        <Button Icon={Plus} onClick={() => setAsked({ what: "new" })}>
          {message("admin.newGroup")}
        </Button>
      }
    >
      <PagedItems
        label={message("admin.groups")}
        load={load}
        empty={{ Icon: UsersRound, title: message("admin.noGroups") }}
      >
        {(group) => <GroupItem key={group.id} group={group} onAsk={(what) => setAsked({ what, group })} />}
      </PagedItems>
      {asked?.what === "new" && <GroupNameDialog onClose={close} />}
      {asked?.what === "name" && <GroupNameDialog group={asked.group} onClose={close} />}
      {asked?.what === "members" && <GroupMembers group={asked.group} onClose={close} />}
      {asked?.what === "delete" && <DeleteGroup group={asked.group} onClose={close} />}
    </Card>
  );
}

interface GroupItemProps {
  readonly group: GroupJson;
  readonly onAsk: (what: "members" | "name" | "delete") => void;
}

function GroupItem({ group, onAsk }: GroupItemProps) {
  const { message } = useMessages();
  const label = message("admin.actsFor", { name: group.name });
  return (
    <Item
      title={
        <span className="flex flex-wrap items-center gap-2">
          <bdi>{group.name}</bdi>
          {group.plan !== null && <Badge>{group.plan}</Badge>}
        </span>
      }
      about={message("admin.members", { count: group.members })}
      acts={
        <>
          <Button aria-label={message("admin.membersOf", { name: group.name })} onClick={() => onAsk("members")}>
            {message("admin.showMembers")}
          </Button>
          <MenuButton
            label={label}
            items={() => [
              { label: message("admin.rename"), run: () => onAsk("name") },
              "line",
              { label: message("admin.deleteGroup"), danger: true, run: () => onAsk("delete") },
            ]}
          >
            <IconButton label={label} Icon={Ellipsis} />
          </MenuButton>
        </>
      }
    />
  );
}

function DeleteGroup({ group, onClose }: { readonly group: GroupJson; readonly onClose: () => void }) {
  const { message } = useMessages();
  const { client } = useDrive();
  const remove = useAct(groupsKey, () => client.call("deleteGroup", { params: { id: group.id } }));
  return (
    <FormDialog
      open
      size="small"
      title={message("admin.deleteGroupTitle", { name: group.name })}
      about={message("admin.deleteGroupAbout")}
      act={message("admin.deleteGroup")}
      isDanger
      busy={remove.isPending}
      onSubmit={() => remove.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
}
