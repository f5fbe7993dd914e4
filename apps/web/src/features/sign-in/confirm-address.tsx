import { toHoldfastError } from "@holdfast/core/errors";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { openPublicClient } from "../../data/client.ts";
import { Button, buttonLook } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { FrontPage } from "./front-page.tsx";

/** Asks first: whoever only looks at a link for somebody else (as mail filters do) confirms nothing. */
export function ConfirmAddress({ token }: { readonly token: string }) {
  const words = useMessages();
  const { message } = words;

  const { data, error, isPending, mutate } = useMutation({
    mutationFn: () => openPublicClient().call("confirmAddress", { body: { token } }),
  });
  usePageTitle(message(data === undefined ? "setup.confirmTitle" : "setup.confirmed"));
  useEffect(() => {
    if (data !== undefined) document.querySelector<HTMLElement>("#title")?.focus();
  }, [data]);
  if (data !== undefined) {
    return (
      <FrontPage title={message("setup.confirmed")} about={message("setup.confirmedAbout", { email: data.email })}>
        <Link to="/files" className={buttonLook("primary")}>
          {message("shell.toFiles")}
        </Link>
      </FrontPage>
    );
  }
  const isBad = error !== null && toHoldfastError(error).code === "invalid_field";
  return (
    <FrontPage title={message("setup.confirmTitle")} about={message("setup.confirmAbout")}>
      {error !== null && (
        <Notice kind="error" isNews>
          {isBad ? message("setup.confirmBad") : problemWords(error, words)}
        </Notice>
      )}
      <Button kind="primary" wide busy={isPending} onClick={() => mutate()}>
        {message("setup.confirm")}
      </Button>
    </FrontPage>
  );
}
