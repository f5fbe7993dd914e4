import { useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";

/**
 * Browsers do not send the fragment to servers. It is removed at once from the address, and so from the history and
 * copied addresses. A reload requires the link again.
 */
export function useFragmentToken(): string {
  const hash = useLocation({ select: (location) => location.hash });
  const navigate = useNavigate();
  const [token, setToken] = useState(hash);
  useEffect(() => {
    if (hash === "") return;
    setToken(hash);
    void navigate({ to: ".", search: true, replace: true });
  }, [hash, navigate]);
  return token;
}
