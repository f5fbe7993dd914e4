import type { NodeJson } from "@holdfast/protocol/values";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { accountKey } from "../../data/account.ts";
import { usageKey } from "../../data/usage.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Field } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";

interface PruneDialogProps {
  readonly node: NodeJson;
  /** The number that is suggested. */
  readonly keep: number;
  readonly onClose: () => void;
}

/** Asks how many versions stay; the others cannot be brought back. */
export function PruneDialog({ node, keep: suggested, onClose }: PruneDialogProps) {
  const { client } = useDrive();
  const words = useMessages();
  const { message, size } = words;
  const queries = useQueryClient();
  const [isWrong, setWrong] = useState(false);
  const prune = useMutation({
    mutationFn: (keep: number) => client.call("pruneVersions", { params: { id: node.id }, body: { keep } }),
    onSuccess: async ({ removed, bytes }) => {
      const keys = [["versions", node.id], accountKey, usageKey];
      await Promise.all(keys.map((queryKey) => queries.invalidateQueries({ queryKey })));
      showToast({ text: message("details.pruned", { count: removed, size: size(bytes) }) });
      onClose();
    },
  });
  const submit = (fields: FormData) => {
    const keep = Number(fields.get("keep"));
    const isNumber = Number.isSafeInteger(keep) && keep >= 1;
    setWrong(!isNumber);
    if (isNumber) prune.mutate(keep);
  };
  return (
    <FormDialog
      open
      size="small"
      title={message("details.pruneTitle", { name: node.name })}
      about={message("details.pruneAbout")}
      act={message("details.pruneAct")}
      isDanger
      busy={prune.isPending}
      problem={prune.error === null ? undefined : problemWords(prune.error, words)}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field
        label={message("details.keep")}
        name="keep"
        type="number"
        min={1}
        step={1}
        inputMode="numeric"
        defaultValue={suggested}
        error={isWrong ? message("details.keepWrong") : undefined}
      />
    </FormDialog>
  );
}
