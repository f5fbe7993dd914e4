import type { ReactNode } from "react";
import { problemWords } from "../messages/problem-words.ts";
import { useMessages } from "../messages/use-messages.ts";
import { Button } from "./button.tsx";
import { Failure, Notice } from "./notice.tsx";
import { RowShapes } from "./progress.tsx";

interface Load<Data> {
  readonly data: Data | undefined;
  readonly error: Error | null;
  readonly isFetching: boolean;
  readonly refetch: () => unknown;
}

interface LoadedProps<Data> {
  readonly load: Load<Data>;
  readonly rows?: number;
  readonly children: (data: Data) => ReactNode;
}

/** Loaded data stays visible if a later fetch fails. */
export function Loaded<Data>({ load, rows = 3, children }: LoadedProps<Data>) {
  const words = useMessages();
  const { message } = words;
  const { data, error, isFetching, refetch } = load;
  const again = (
    <Button busy={isFetching} onClick={() => void refetch()}>
      {message("shell.tryAgain")}
    </Button>
  );
  if (data === undefined && error === null) return <RowShapes rows={rows} />;
  if (data === undefined) {
    return (
      <Failure title={message("design.notLoaded")} acts={again}>
        {problemWords(error, words)}
      </Failure>
    );
  }
  return (
    <>
      {error !== null && (
        <Notice kind="warning" acts={again}>
          {problemWords(error, words)}
        </Notice>
      )}
      {children(data)}
    </>
  );
}
