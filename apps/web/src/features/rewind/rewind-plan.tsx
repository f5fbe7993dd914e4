import type { RewindAct, RewindAnswer } from "@holdfast/protocol/rewind-routes";
import type { MessageKey } from "../../messages/en.ts";
import { useMessages } from "../../messages/use-messages.ts";

const acts = ["restored", "reverted", "moved", "trashed", "changed", "left", "purged"] as const satisfies RewindAct[];

export function RewindPlan({ answer }: { readonly answer: RewindAnswer }) {
  const { message, size } = useMessages();
  const counted = acts.filter((act) => answer[act] > 0);
  if (counted.length === 0) return <p>{message("rewind.nothing")}</p>;
  return (
    <>
      <ul className="flex flex-col gap-1">
        {counted.map((act) => (
          <li key={act}>{message(actWords[act], { count: answer[act] })}</li>
        ))}
        {answer.bytes > 0 && <li className="text-muted">{message("rewind.bytes", { size: size(answer.bytes) })}</li>}
      </ul>
      <ul className="max-h-80 overflow-auto rounded-md border border-line p-3 text-sm">
        {answer.sample.map((each) => (
          <li key={`${each.act} ${each.path}`} className="flex flex-wrap gap-x-2 py-0.5">
            <span className="w-32 shrink-0 text-muted">{message(sampleWords[each.act])}</span>
            <bdi className="min-w-0 wrap-anywhere">{each.path}</bdi>
            {each.reason !== undefined && <span className="text-muted">{each.reason}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}

const actWords = {
  restored: "rewind.restored",
  reverted: "rewind.reverted",
  trashed: "rewind.trashed",
  moved: "rewind.moved",
  changed: "rewind.changed",
  purged: "rewind.purged",
  left: "rewind.left",
} as const satisfies Record<RewindAct, MessageKey>;

const sampleWords = {
  restored: "rewind.isRestored",
  reverted: "rewind.isReverted",
  trashed: "rewind.isTrashed",
  moved: "rewind.isMoved",
  changed: "rewind.isChanged",
  purged: "rewind.isPurged",
  left: "rewind.isLeft",
} as const satisfies Record<RewindAct, MessageKey>;
