import type { DiagnosisJson } from "@holdfast/protocol/admin-routes";
import { useQuery } from "@tanstack/react-query";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Card } from "../../design/card.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Notice } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { serverWords } from "../notifications/notice-words.ts";
import { doctorQuery, problemsOf } from "./doctor-findings.ts";
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
  const { message } = useMessages();
  const { client } = useDrive();
  const load = useQuery(doctorQuery(client));
  return (
    <Card
      title={message("overview.health")}
      acts={
        <Button busy={load.isFetching} onClick={() => void load.refetch()}>
          {message("overview.again")}
        </Button>
      }
    >
      <Loaded load={load}>{(diagnosis) => <Diagnosis diagnosis={diagnosis} />}</Loaded>
    </Card>
  );
}

function Diagnosis({ diagnosis }: { readonly diagnosis: DiagnosisJson }) {
  const words = useMessages();
  const { message } = words;
  const problems = problemsOf(diagnosis);
  if (problems.length === 0) {
    return (
      <Notice kind="success" title={message("overview.well")}>
        {message("overview.wellAbout")}
      </Notice>
    );
  }
  const title = message("overview.problems", { count: problems.length });
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
function Problem({ finding: { detail, advice } }: { readonly finding: DiagnosisJson["items"][number] }) {
  const { message } = useMessages();
  const lines = [detail, ...(advice === null ? [] : [message("notices.serverAdvice", { words: advice })])];
  return lines.map((line) => (
    <p key={line} className="wrap-anywhere">
      <bdi>{line}</bdi>
    </p>
  ));
}
