import type { NotificationJson } from "@holdfast/protocol/notification-routes";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useDrive } from "../../data/use-drive.ts";
import { Avatar } from "../../design/avatar.tsx";
import { Button } from "../../design/button.tsx";
import { Item } from "../../design/card.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { isGone, noticeWords, offerOf, rewindOf, serverLines } from "./notice-words.ts";

interface NotificationItemProps {
  readonly notice: NotificationJson;
  readonly onOpen: () => void;
}

export function NotificationItem({ notice, onOpen }: NotificationItemProps) {
  const words = useMessages();
  const { message, ago, dateTime } = words;
  const { actor, at, read, detail } = notice;
  const offer = offerOf(notice);
  const rewind = rewindOf(notice);
  const note = detail["message"];
  return (
    <Item
      leading={actor === undefined ? undefined : <Avatar name={actor.name} />}
      title={
        <span className={read ? "font-normal" : undefined}>
          <Place notice={notice} onOpen={onOpen}>
            {noticeWords(notice, words)}
          </Place>
        </span>
      }
      about={
        <>
          {typeof note === "string" && note !== "" && (
            <p className="text-text">
              <bdi>{note}</bdi>
            </p>
          )}
          {isGone(notice) && <p className="text-text">{message("notices.gone")}</p>}
          {serverLines(notice, words).map((line) => (
            <p key={line} className="break-words text-text">
              <bdi>{line}</bdi>
            </p>
          ))}
          <p className="text-sm">
            {!read && <span className="me-2 font-semibold text-accent">{message("notices.new")}</span>}
            <time dateTime={at} title={dateTime(at)}>
              {ago(at)}
            </time>
          </p>
          {offer !== undefined && <Offer offer={offer} />}
          {rewind !== undefined && (
            <Link
              to="/rewind/$id"
              params={{ id: rewind.id }}
              search={{ to: rewind.to }}
              onClick={onOpen}
              className="text-accent hover:underline"
            >
              {message("notices.rewind")}
            </Link>
          )}
        </>
      }
    />
  );
}

interface PlaceProps extends NotificationItemProps {
  readonly children: string;
}

/** Plain text if there is nothing to open. */
function Place({ notice: { kind, node, detail }, onOpen, children }: PlaceProps) {
  const look = "hover:underline";
  if (detail["undelivered"] !== undefined) return children;
  if (kind === "quota" || kind === "device") {
    const section = kind === "quota" ? "profile" : "security";
    return (
      <Link to="/settings/{-$section}" params={{ section }} onClick={onOpen} className={look}>
        {children}
      </Link>
    );
  }
  if (kind === "report" || kind === "server") {
    const section = kind === "report" ? "reports" : "overview";
    return (
      <Link to="/admin/{-$section}" params={{ section }} onClick={onOpen} className={look}>
        {children}
      </Link>
    );
  }
  if (node === undefined) return children;
  const search = kind === "comment" || kind === "mention" ? { panel: "comments" as const } : {};
  return (
    <Link to="/f/$id" params={{ id: node.id }} search={search} onClick={onOpen} className={look}>
      {children}
    </Link>
  );
}

function Offer({ offer: { id, name: what } }: { readonly offer: { readonly id: string; readonly name: string } }) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const answer = useMutation({
    mutationFn: async (accepts: boolean) => {
      const params = { id };
      await (accepts ? client.call("acceptTransfer", { params }) : client.call("deleteTransfer", { params }));
    },
    onSuccess: (_, accepts) =>
      showToast({ text: message(accepts ? "notices.accepted" : "notices.declined", { what }) }),
    onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
  });
  if (answer.isSuccess) return null;
  return (
    <div className="mt-2 flex flex-wrap gap-2">
      <Button kind="primary" busy={answer.isPending && answer.variables} onClick={() => answer.mutate(true)}>
        {message("notices.accept")}
      </Button>
      <Button busy={answer.isPending && !answer.variables} onClick={() => answer.mutate(false)}>
        {message("notices.decline")}
      </Button>
    </div>
  );
}
