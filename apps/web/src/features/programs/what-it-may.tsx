import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { Checkbox } from "../../design/choice.tsx";
import { Notice } from "../../design/notice.tsx";
import { useMessages } from "../../messages/use-messages.ts";

type Asked = Pick<RouteAnswer<(typeof routes)["readProgramRequest"]>, "scopes" | "identity" | "lasting">;

interface WhatItMayProps {
  readonly asked: Asked;
  /** The program signs in as the person. */
  readonly isSession?: boolean;
  readonly admin: boolean;
  readonly onAdmin: (admin: boolean) => void;
}

/** Administration must be ticked explicitly. */
export function WhatItMay({ asked, isSession = false, admin, onAdmin }: WhatItMayProps) {
  const { message } = useMessages();
  const may = isSession
    ? (["programs.sessionMay"] as const)
    : ([
        "programs.knows",
        ...asked.identity.map((each) => `programs.${each}` as const),
        ...asked.scopes.flatMap((scope) => (scope === "admin" ? [] : [scopeWords[scope]])),
        ...(asked.lasting ? (["programs.lasting"] as const) : []),
      ] as const);
  return (
    <div className="flex flex-col gap-4">
      <div>
        <h2 className="font-semibold">{message("programs.may")}</h2>
        <ul className="list-disc ps-5">
          {may.map((each) => (
            <li key={each}>{message(each)}</li>
          ))}
        </ul>
      </div>
      {!isSession && asked.scopes.includes("admin") && (
        <Notice kind="warning">
          <p className="mb-2">{message("programs.adminAsked")}</p>
          <Checkbox label={message("programs.adminAllow")} checked={admin} onChange={onAdmin} />
        </Notice>
      )}
      <p className="text-muted">{message(isSession ? "programs.sessionTakeBack" : "programs.takeBack")}</p>
    </div>
  );
}

const scopeWords = {
  "files:read": "programs.read",
  "files:write": "programs.write",
  account: "programs.account",
} as const;
