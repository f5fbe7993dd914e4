import type { DiagnosisJson } from "@holdfast/protocol/admin-routes";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Card } from "../../design/card.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Notice } from "../../design/notice.tsx";
import { showToast } from "../../design/toasts.ts";
import { When } from "../../design/when.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { serverWords } from "../notifications/notice-words.ts";
import { doctorQuery, type FindingJson, problemsOf } from "./doctor-findings.ts";
import { OverviewFacts } from "./overview-facts.tsx";

/** Answers whether everything is all right. */
export function Overview() {
  return (
    <>
      <Health />
      <OverviewFacts />
    </>
  );
}

function Health() {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const queries = useQueryClient();
  const load = useQuery(doctorQuery(client));
  const again = useMutation({
    mutationFn: () => client.call("adminDoctor"),
    onSuccess: (diagnosis) => queries.setQueryData(doctorQuery(client).queryKey, diagnosis),
    onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
  });
  return (
    <Card
      title={message("overview.health")}
      acts={
        <Button busy={again.isPending} onClick={() => again.mutate()}>
          {message("overview.again")}
        </Button>
      }
    >
      <Loaded load={load}>{(diagnosis) => <Diagnosis diagnosis={diagnosis} />}</Loaded>
    </Card>
  );
}

function Diagnosis({ diagnosis }: { readonly diagnosis: DiagnosisJson }) {
  const { message } = useMessages();
  const { checked_at: checkedAt } = diagnosis;
  const problems = problemsOf(diagnosis);
  return (
    <>
      {problems.length === 0 ? (
        <Notice kind="success" title={message("overview.well")}>
          {message("overview.wellAbout")}
        </Notice>
      ) : (
        <Problems problems={problems} />
      )}
      {checkedAt !== undefined && (
        <p role="status" className="text-sm text-muted">
          <When at={checkedAt} say={(when) => message("overview.checked", { when })} />
        </p>
      )}
    </>
  );
}

function Problems({ problems }: { readonly problems: readonly FindingJson[] }) {
  const words = useMessages();
  const title = words.message("overview.problems", { count: problems.length });
  return (
    <>
      <p className="font-semibold">{title}</p>
      <ul aria-label={title} className="flex flex-col gap-3">
        {problems.map((finding) => (
          <li key={`${finding.check} ${finding.detail}`}>
            <Notice kind={finding.state === "fail" ? "error" : "warning"} title={serverWords(finding, words)}>
              <Problem finding={finding} />
            </Notice>
          </li>
        ))}
      </ul>
    </>
  );
}

/** The server's own words, in English. */
function Problem({ finding: { detail, advice } }: { readonly finding: FindingJson }) {
  const { message } = useMessages();
  return (
    <>
      <p className="wrap-anywhere">
        <bdi>{detail}</bdi>
      </p>
      {advice !== null && (
        <p className="wrap-anywhere">
          <bdi>{message("notices.serverAdvice", { words: advice })}</bdi>
        </p>
      )}
    </>
  );
}
