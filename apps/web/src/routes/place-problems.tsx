import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { usePageTitle } from "../design/page-title.ts";
import { useMessages } from "../messages/use-messages.ts";

export function NotFound() {
  const { message } = useMessages();
  usePageTitle(message("shell.notFound"));
  return (
    <main className="mx-auto flex max-w-prose flex-col items-start gap-3 p-6 pt-16">
      <h1 className="text-xl font-semibold">{message("shell.notFound")}</h1>
      <p className="text-muted">{message("shell.notFoundNext")}</p>
      <Link to="/files" className="text-accent underline">
        {message("shell.toFiles")}
      </Link>
    </main>
  );
}

export function PlaceFailed({ reset }: ErrorComponentProps) {
  const { message } = useMessages();
  usePageTitle(message("shell.failed"));
  return (
    <main className="mx-auto flex max-w-prose flex-col items-start gap-3 p-6 pt-16">
      <h1 className="text-xl font-semibold">{message("shell.failed")}</h1>
      <p className="text-muted">{message("shell.failedNext")}</p>
      <button type="button" className="text-accent underline" onClick={reset}>
        {message("shell.tryAgain")}
      </button>
    </main>
  );
}
