import { limits } from "@holdfast/core/limits";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Choices } from "../../design/choice.tsx";
import { Field, SelectField } from "../../design/field.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { RuleForm } from "./access-dialog.tsx";
import { groupsKey } from "./groups-key.ts";

/** Adds a rule for a group or an account. The server's rule is already in the list. */
export function NewAccessRule({ onClose }: { readonly onClose: () => void }) {
  const { message } = useMessages();
  const { client } = useDrive();
  const [kind, setKind] = useState<"group" | "account">("group");
  const [group, setGroup] = useState("");
  const [email, setEmail] = useState("");
  const groups = useQuery({
    queryKey: [...groupsKey, "choices"],
    queryFn: ({ signal }) => client.call("listGroups", { query: { limit: limits.listItemsMax }, signal }),
  });
  const choices = (groups.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }));
  const subject = () => {
    if (kind === "group") return group === "" ? undefined : { group_id: group };
    return email.trim() === "" ? undefined : { user: email.trim() };
  };
  return (
    <RuleForm
      title={message("access.new")}
      before={{ second_factor_due_at: null, addresses: [] }}
      subject={subject}
      onClose={onClose}
    >
      {(problem) => (
        <>
          <Choices
            label={message("access.ofWhom")}
            value={kind}
            onChoose={setKind}
            choices={[
              { value: "group", label: message("access.ofGroup") },
              { value: "account", label: message("access.ofAccount") },
            ]}
          />
          {kind === "group" ? (
            <SelectField
              label={message("access.group")}
              value={group}
              error={problem}
              onChoose={setGroup}
              choices={[{ value: "", label: message("access.choose") }, ...choices]}
            />
          ) : (
            <Field
              label={message("access.email")}
              type="email"
              autoComplete="off"
              value={email}
              error={problem}
              onChange={(event) => setEmail(event.target.value)}
            />
          )}
        </>
      )}
    </RuleForm>
  );
}
