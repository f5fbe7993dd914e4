import type { GroupJson } from "@holdfast/protocol/group-routes";
import { limits } from "@holdfast/core/limits";
import { useState } from "react";
import { useAccount } from "../../data/account.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Checkbox } from "../../design/choice.tsx";
import { Field } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { groupsKey } from "./groups-key.ts";
import { useAct } from "./use-act.ts";

interface GroupNameDialogProps {
  /** Undefined: a new group. */
  readonly group?: GroupJson;
  readonly onClose: () => void;
}

export function GroupNameDialog({ group, onClose }: GroupNameDialogProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const [name, setName] = useState(group?.name ?? "");
  const [isTried, setTried] = useState(false);
  const [joins, setJoins] = useState(true);
  const { data: account } = useAccount();
  const save = useAct(groupsKey, async (body: { name: string }) => {
    if (group !== undefined) {
      await client.call("updateGroup", { params: { id: group.id }, body });
      return;
    }
    const { id } = await client.call("createGroup", { body });
    if (joins && account !== undefined) {
      await client.call("setGroupMember", { params: { id, user_id: account.id }, body: { role: "manager" } });
    }
  });
  const send = () => {
    setTried(true);
    if (name.trim() !== "") save.mutate({ name: name.trim() }, { onSuccess: onClose });
  };
  return (
    <FormDialog
      open
      size="small"
      title={message(group === undefined ? "admin.newGroup" : "admin.rename")}
      act={message("design.save")}
      busy={save.isPending}
      onSubmit={send}
      onClose={onClose}
    >
      <Field
        label={message("settings.name")}
        value={name}
        maxLength={limits.groupNameLengthMax}
        autoComplete="off"
        error={isTried && name.trim() === "" ? message("session.missing") : undefined}
        onChange={(event) => setName(event.target.value)}
      />
      {group === undefined && (
        <Checkbox
          label={message("admin.joinGroup")}
          hint={message("admin.joinGroupHint")}
          checked={joins}
          onChange={setJoins}
        />
      )}
    </FormDialog>
  );
}
