import { Link } from "@tanstack/react-router";
import { useMessages } from "../messages/use-messages.ts";
import { Problem } from "./place-problems.tsx";

/** An unknown address, or an unknown section of a place. */
export function NotFound() {
  const { message } = useMessages();
  return (
    <Problem title="notFound.title" next="notFound.next">
      <Link to="/files" className="text-accent underline">
        {message("notFound.toFiles")}
      </Link>
    </Problem>
  );
}
