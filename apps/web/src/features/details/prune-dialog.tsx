import type { NodeJson } from "@holdfast/protocol/values";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
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
  readonly keep: number;
  readonly onClose: () => void;
}

/** Asks for the number of versions to keep. The others are deleted permanently. */
export function PruneDialog({ node, keep: suggested, onClose }: PruneDialogProps) {
  const { client } = useDrive();
  const words = useMessages();
  const { message, size } = words;
  const queries = useQueryClient();
  const [written, setWritten] = useState(String(suggested));
  const keep = Number(written);
  const isNumber = Number.isSafeInteger(keep) && keep >= 1;
  const count = useQuery({
    queryKey: ["prune", node.id, keep],
    enabled: isNumber,
    queryFn: ({ signal }) =>
      client.call("pruneVersions", { params: { id: node.id }, body: { keep, dry_run: true }, signal }),
    // Recounted each time the dialog opens.
    staleTime: 0,
    gcTime: 0,
  });
  const prune = useMutation({
    mutationFn: () => client.call("pruneVersions", { params: { id: node.id }, body: { keep } }),
    onSuccess: async ({ removed, bytes }) => {
      const keys = [["versions", node.id], accountKey, usageKey];
      await Promise.all(keys.map((queryKey) => queries.invalidateQueries({ queryKey })));
      showToast({ text: message("details.pruned", { count: removed, size: size(bytes) }) });
      onClose();
    },
  });
  const goes = isNumber ? count.data : undefined;
  const failure = prune.error ?? count.error;
  return (
    <FormDialog
      open
      size="small"
      title={message("details.pruneTitle", { name: node.name })}
      about={message("details.pruneAbout")}
      act={message("details.pruneAct")}
      isDanger
      busy={prune.isPending}
      disabled={goes === undefined || goes.removed === 0}
      problem={failure === null ? undefined : problemWords(failure, words)}
      onSubmit={() => prune.mutate()}
      onClose={onClose}
    >
      <Field
        label={message("details.keep")}
        name="keep"
        type="number"
        min={1}
        step={1}
        inputMode="numeric"
        value={written}
        onChange={({ target }) => setWritten(target.value)}
        error={isNumber ? undefined : message("details.keepWrong")}
      />
      <p role="status" className="min-h-12">
        {goes !== undefined &&
          (goes.removed === 0
            ? message("details.pruneNone")
            : message("details.pruneCount", { count: goes.removed, size: size(goes.bytes) }))}
      </p>
    </FormDialog>
  );
}
