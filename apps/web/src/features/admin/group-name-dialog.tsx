import type { GroupJson } from "@holdfast/protocol/group-routes";
import { limits } from "@holdfast/core/limits";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Field } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { groupsKey } from "./groups-key.ts";
import { useAct } from "./use-act.ts";

interface GroupNameDialogProps {
  /** Nothing: a new one. */
  readonly group?: GroupJson;
  readonly onClose: () => void;
}

export function GroupNameDialog({ group, onClose }: GroupNameDialogProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const [name, setName] = useState(group?.name ?? "");
  const [isTried, setTried] = useState(false);
  const save = useAct(groupsKey, (body: { name: string }) =>
    group === undefined
      ? client.call("createGroup", { body })
      : client.call("updateGroup", { params: { id: group.id }, body }),
  );
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
    </FormDialog>
  );
}
