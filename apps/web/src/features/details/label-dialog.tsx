import type { VersionJson } from "@holdfast/protocol/version-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useDrive } from "../../data/use-drive.ts";
import { Field } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";

interface LabelDialogProps {
  readonly node: NodeJson;
  /** undefined: closed */
  readonly version: VersionJson | undefined;
  readonly onClose: () => void;
}

/** Names a version. Named versions never expire. */
export function LabelDialog({ node, version, onClose }: LabelDialogProps) {
  const { client } = useDrive();
  const words = useMessages();
  const { message } = words;
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: ({ number, label }: { number: string; label: string | null }) =>
      client.call("labelVersion", { params: { id: node.id, number }, body: { label } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["versions", node.id] });
      onClose();
    },
  });
  const submit = (fields: FormData) => {
    const label = fields.get("label");
    const text = typeof label === "string" ? label.trim() : "";
    if (version !== undefined) save.mutate({ number: version.version_id, label: text === "" ? null : text });
  };
  return (
    <FormDialog
      open={version !== undefined}
      size="small"
      title={message("details.label")}
      about={message("details.labelAbout")}
      act={message("design.save")}
      busy={save.isPending}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field
        label={message("details.labelName")}
        name="label"
        maxLength={250}
        autoComplete="off"
        defaultValue={version?.label ?? ""}
        error={save.error === null ? undefined : problemWords(save.error, words)}
      />
    </FormDialog>
  );
}
