import { useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";

/**
 * Secret in the fragment of the address, which browsers do not send to servers. It is removed from the address
 * immediately, and so from the history and from copied addresses. After a reload, the link must be opened again.
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
