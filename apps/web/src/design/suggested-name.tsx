import type { ReactNode } from "react";
import { Avatar } from "./avatar.tsx";

interface SuggestedNameProps {
  readonly name: string;
  /** Second line, such as the address. Left out if it repeats the name. */
  readonly about: string | undefined;
  /** Default: the avatar of the name. */
  readonly leading?: ReactNode;
}

/** Content of a suggested person or group. */
export function SuggestedName({ name, about, leading = <Avatar name={name} /> }: SuggestedNameProps) {
  return (
    <>
      {leading}
      <span className="min-w-0">
        <span className="block truncate">
          <bdi>{name}</bdi>
        </span>
        {about !== undefined && about !== name && <span className="block truncate text-sm text-muted">{about}</span>}
      </span>
    </>
  );
}
