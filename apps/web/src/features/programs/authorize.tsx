import { toHoldfastError } from "@holdfast/core/errors";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Loaded } from "../../design/loaded.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { FrontPage } from "../sign-in/front-page.tsx";
import { LetIn } from "./let-in.tsx";
import { WhatItMay } from "./what-it-may.tsx";

/** Consent page. Returns to the program afterwards. */
export function AuthorizePlace() {
  const { id } = useParams({ from: "/signed-in/authorize/$id" });
  const { message } = useMessages();
  const { client } = useDrive();
  const [admin, setAdmin] = useState(false);
  const load = useQuery({
    queryKey: ["program-request", id],
    queryFn: ({ signal }) => client.call("readProgramRequest", { params: { id }, body: {}, signal }),
    retry: false,
    staleTime: Infinity,
    gcTime: 0,
  });
  const account = useQuery({ queryKey: ["account"], queryFn: ({ signal }) => client.call("getAccount", { signal }) });
  const answer = useMutation({
    mutationFn: (allow: boolean) => client.call("answerProgramRequest", { params: { id }, body: { allow, admin } }),
    onSuccess: ({ url }) => location.assign(url),
  });
  const asked = load.data;
  const isOver = load.error !== null && toHoldfastError(load.error).code === "not_found";
  const title = isOver ? message("programs.over") : message("programs.title", { name: asked?.name ?? "…" });
  usePageTitle(title);
  if (isOver) return <FrontPage title={title} about={message("programs.overAbout")} />;
  return (
    <FrontPage
      title={title}
      about={asked === undefined ? undefined : message("programs.about", { address: asked.address })}
    >
      <Loaded load={load}>
        {(request) => (
          <>
            {account.data !== undefined && <p>{message("programs.signedInAs", { email: account.data.email })}</p>}
            {!request.other_account && <WhatItMay asked={request} admin={admin} onAdmin={setAdmin} />}
            <LetIn answer={answer} asked={request} />
          </>
        )}
      </Loaded>
    </FrontPage>
  );
}
