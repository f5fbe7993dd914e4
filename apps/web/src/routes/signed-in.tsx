import { Outlet, useLocation } from "@tanstack/react-router";
import { useState } from "react";
import { useLeave } from "./shell/use-leave.ts";

/** Shows nothing of an account after its sign-out in any tab. */
export function SignedIn() {
  const href = useLocation({ select: (location) => location.href });
  // The location changes to the sign-in page before this page is gone.
  const [question] = useState(href);
  const owner = useLeave(question);
  return owner === undefined ? null : <Outlet key={owner} />;
}
