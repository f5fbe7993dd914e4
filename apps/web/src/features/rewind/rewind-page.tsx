import type { RewindAnswer } from "@holdfast/protocol/rewind-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLimit } from "../../data/account.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Field } from "../../design/field.tsx";
import { Notice } from "../../design/notice.tsx";
import { Progress } from "../../design/progress.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { Moments } from "./moments.tsx";
import { finishedRewind, fromLocalField, toLocalField } from "./rewinds.ts";
import { RewindPlan } from "./rewind-plan.tsx";

interface RewindPageProps {
  readonly node: NodeJson;
  /** Moment in the address, RFC 3339. */
  readonly to: string | undefined;
  readonly onTo: (to: string) => void;
  readonly onDone: () => void;
}

export function RewindPage({ node, to, onTo, onDone }: RewindPageProps) {
  const { client } = useDrive();
  const words = useMessages();
  const { message, dateTime } = words;
  const reachMs = useLimit("rewind_reach_ms");
  const plan = useQuery({
    queryKey: ["rewind", node.id, to],
    enabled: to !== undefined,
    staleTime: 0,
    queryFn: ({ signal }) =>
      client.call("rewind", { params: { id: node.id }, body: { to: to ?? "", dry_run: true }, signal }),
  });
  const run = useRewind(node, onDone);
  const [field, setField] = useState(() => toLocalField(to));
  const answer = plan.data !== undefined && "sample" in plan.data ? plan.data : undefined;
  return (
    <div className="mx-auto flex max-w-200 flex-col gap-6 p-6">
      <header>
        <h1 className="text-xl font-semibold wrap-anywhere">
          {message("rewind.title", { name: node.name === "" ? message("place.files") : node.name })}
        </h1>
        <p className="mt-1 text-muted">{message("rewind.about")}</p>
      </header>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const moment = fromLocalField(field);
          if (moment !== undefined) onTo(moment);
        }}
        className="flex flex-wrap items-end gap-3"
      >
        <MomentField value={field} reachMs={reachMs} onWrite={setField} />
        <Button type="submit" busy={plan.isFetching}>
          {message("rewind.look")}
        </Button>
      </form>
      <Moments
        nodeId={node.id}
        reachMs={reachMs}
        onChoose={(moment) => {
          setField(toLocalField(moment));
          onTo(moment);
        }}
      />
      {plan.isFetching && <Progress label={message("rewind.looking")} />}
      {plan.error !== null && <Notice kind="error">{problemWords(plan.error, words)}</Notice>}
      {answer !== undefined && to !== undefined && (
        <section aria-label={message("rewind.plan")} className="flex flex-col gap-4">
          <RewindPlan answer={answer} />
          {countOf(answer) > 0 && (
            <div>
              <Button kind="primary" busy={run.isPending} onClick={() => run.mutate({ to })}>
                {message("rewind.go", { time: dateTime(to) })}
              </Button>
            </div>
          )}
        </section>
      )}
    </div>
  );
}

interface MomentFieldProps {
  readonly value: string;
  /** Maximum age; undefined until known. */
  readonly reachMs: number | undefined;
  readonly onWrite: (value: string) => void;
}

function MomentField({ value, reachMs, onWrite }: MomentFieldProps) {
  const { message, duration } = useMessages();
  const nowMs = Date.now();
  const fieldOf = (ms: number) => toLocalField(new Date(ms).toISOString());
  return (
    <Field
      label={message("rewind.moment")}
      hint={reachMs === undefined ? undefined : message("rewind.reach", { time: duration(reachMs) })}
      type="datetime-local"
      step={1}
      min={reachMs === undefined ? undefined : fieldOf(nowMs - reachMs)}
      max={fieldOf(nowMs)}
      value={value}
      onChange={(event) => onWrite(event.target.value)}
    />
  );
}

function countOf({ restored, reverted, trashed, moved, changed }: RewindAnswer): number {
  return restored + reverted + trashed + moved + changed;
}

function useRewind(node: NodeJson, onDone: () => void) {
  const { client, queries } = useDrive();
  const words = useMessages();
  const { message } = words;
  const fail = (thrown: unknown) => void showToast({ text: problemWords(thrown, words), kind: "error" });
  const undo = async (id: string) => {
    await finishedRewind(client, await client.call("undoRewind", { params: { id } }));
    showToast({ text: message("rewind.undone") });
  };
  return useMutation({
    mutationFn: async ({ to }: { readonly to: string }) =>
      finishedRewind(client, await client.call("rewind", { params: { id: node.id }, body: { to } })),
    onSuccess: ({ rewind_id: id }) => {
      showToast({
        text: message("rewind.done"),
        ...(id === undefined ? {} : { act: { label: message("design.undo"), run: () => void undo(id).catch(fail) } }),
      });
      onDone();
    },
    onError: fail,
    onSettled: () => queries.invalidateQueries({ queryKey: ["rewind", node.id] }),
  });
}
